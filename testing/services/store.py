"""An S3 store whose objects are files of a folder: versitygw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.services.process import free_port, listens, served
from testing.services.tools import store_program

BUCKET = "warehouse"
KEY, SECRET = "floeadmin", "floe-secret-1"


@dataclass(frozen=True)
class Store:
    """``folder`` is the bucket: what lies in it is an object, whoever put it there."""

    port: int
    folder: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def properties(self, endpoint: str | None = None) -> dict[str, str]:
        """What an Iceberg client needs to get at it, at another address if that leads there."""
        return {
            "s3.endpoint": endpoint or self.endpoint,
            "s3.access-key-id": KEY,
            "s3.secret-access-key": SECRET,
            "s3.region": "us-east-1",
        }


@contextmanager
def store(home: Path) -> Iterator[Store]:
    folder = home / "objects" / BUCKET
    folder.mkdir(parents=True)
    port = free_port()
    accounts = home / "accounts"
    accounts.mkdir()
    command = [str(store_program()), "--port", f"127.0.0.1:{port}", "--quiet"]
    command += ["--iam-dir", str(accounts), "--iam-cache-disable", "posix", str(folder.parent)]
    variables = {"ROOT_ACCESS_KEY_ID": KEY, "ROOT_SECRET_ACCESS_KEY": SECRET}
    with served(command, home / "store.log", lambda: listens(port), variables=variables):
        yield Store(port, folder)
