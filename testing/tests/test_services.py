"""The services of the slow tier: what a machine lacks is said, with what to install."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from testing.offline import NOT_RUN
from testing.services import __main__ as services
from testing.services import tools
from testing.services.tools import CannotBeRun


def jdk(home: Path, version: str) -> Path:
    """Something that answers as a JDK of the version does."""
    programs = home / "bin"
    programs.mkdir(parents=True)
    java = programs / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-01' >&2\n")
    java.chmod(0o755)
    (programs / "javac").touch()
    return home


@pytest.mark.requirement("NF-2")
def test_the_jdk_that_is_chosen_first_wins_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_INSTALLED", tmp_path / "installed")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(CannotBeRun, match="no JDK 21 or newer: install one"):
        tools.java_home()
    old = jdk(tmp_path / "old", "17.0.9")
    monkeypatch.setenv("JAVA_HOME", str(old))
    newest = jdk(tmp_path / "installed" / "jdk-26", "26")
    jdk(tmp_path / "installed" / "jdk-21", "21.0.2")
    assert tools.java_home() == newest
    monkeypatch.setenv("JAVA_HOME", str(jdk(tmp_path / "usual", "23")))
    assert tools.java_home() == tmp_path / "usual"
    monkeypatch.setenv("FLOE_JAVA_HOME", str(old))
    with pytest.raises(CannotBeRun, match="FLOE_JAVA_HOME names no JDK 21 or newer"):
        tools.java_home()


@pytest.mark.requirement("NF-2")
def test_a_leg_that_lacks_something_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise CannotBeRun("no go on the PATH: install Go 1.26 or newer")

    monkeypatch.setattr(services, "_NEEDS", {"rest": (lacking,)})
    monkeypatch.setattr("sys.argv", ["services", "rest"])
    assert services.main() == NOT_RUN
    assert capsys.readouterr().out == "NOT RUN: no go on the PATH: install Go 1.26 or newer\n"


@pytest.mark.requirement("NF-2")
def test_a_jar_that_is_another_one_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {"a.jar": hashlib.sha256(b"a").hexdigest(), "b.jar": hashlib.sha256(b"b").hexdigest()}
    monkeypatch.setattr(tools, "_JARS", tmp_path)
    monkeypatch.setattr(tools, "_digests", digests.items)
    (tmp_path / "a.jar").write_bytes(b"a")
    (tmp_path / "b.jar").write_bytes(b"b")
    assert tools._whole() is True
    (tmp_path / "b.jar").write_bytes(b"c")
    assert tools._whole() is False
    (tmp_path / "b.jar").unlink()
    assert tools._whole() is False
