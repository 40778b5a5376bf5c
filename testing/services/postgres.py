"""A PostgreSQL server with a data directory of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from testing.services.process import free_port, listens, served
from testing.services.tools import postgres_programs

USER, PASSWORD = "floe", "floe-secret-1"


@dataclass(frozen=True)
class Postgres:
    port: int

    def database(self, name: str) -> str:
        """A new database; returns its address for SQLAlchemy."""
        address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return f"{address}/{name}"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The server while it runs; it refuses to be run by root, so then by somebody with fewer rights."""
    programs = postgres_programs()
    user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="floe-postgres-"))
    try:
        secret = home / "password"
        secret.write_text(PASSWORD)
        if user is not None:
            os.chown(home, user, user)
            os.chown(secret, user, user)
        init = [str(programs / "initdb"), "-D", f"{home}/data", "-U", USER, "-A", "scram-sha-256"]
        init += [f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            init,
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        port = free_port()
        command = [str(programs / "postgres"), "-D", f"{home}/data", "-p", str(port), "-h", "127.0.0.1"]
        command += ["-k", str(home), "-c", "fsync=off"]  # what is tested is floe's side of it
        with served(command, home.with_suffix(".log"), lambda: _answers(port), user=user):
            yield Postgres(port)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        home.with_suffix(".log").unlink(missing_ok=True)


def _answers(port: int) -> bool:
    if not listens(port):
        return False
    try:
        psycopg.connect(f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:  # it is starting up
        return False
    return True
