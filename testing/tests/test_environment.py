"""The closed environment tests run in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.no_network import floe_offline

BEYOND = ("192.0.2.1", 9)  # an address reserved for documentation


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of its own, so that what these tests provoke is not held against them."""
    path = tmp_path / "network.log"
    monkeypatch.setenv(floe_offline.LOG, str(path))
    return path


@contextmanager
def _socket() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.settimeout(5)
        yield opened


@pytest.mark.requirement("NF-2")
def test_a_connection_beyond_loopback_is_refused_and_written_down(log: Path) -> None:
    with _socket() as opened, pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        opened.connect(BEYOND)
    assert log.read_text().startswith("socket.connect to ('192.0.2.1', 9) leaves this machine")


@pytest.mark.requirement("NF-2")
def test_a_name_of_elsewhere_is_not_even_looked_up(log: Path) -> None:
    with pytest.raises(ConnectionRefusedError, match=r"example\.invalid"):
        socket.getaddrinfo("example.invalid", 443)
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.requirement("NF-2")
def test_a_connection_on_loopback_goes_through(log: Path) -> None:
    with _socket() as server, _socket() as client:
        server.bind(("localhost", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
    assert not log.exists()


@pytest.mark.requirement("NF-2")
def test_a_python_that_a_test_starts_stays_on_the_machine_too(log: Path) -> None:
    program = (
        "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 5)\nexcept OSError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "socket.getaddrinfo to '192.0.2.1' leaves this machine\n"
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.requirement("NF-2")
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", b"localhost", "::1", "::ffff:127.0.0.1", None, "/run/x.sock", ("::1", 1)],
)
def test_addresses_of_this_machine_stay_here(address: object) -> None:
    assert floe_offline.stays_here(address) is True


@pytest.mark.requirement("NF-2")
def test_statistics_are_off_and_the_home_folder_is_a_fresh_one() -> None:
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert "floe-tests-" in os.environ["HOME"]
