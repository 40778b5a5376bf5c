"""Credentials that a catalog lends for a while: real ones of the store, which really stop working."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from testing.services.catalog import RestServer
from testing.services.faults import FaultProxy
from testing.services.store import BUCKET, KEY, SECRET, Store
from testing.services.tools import store_program

SECRET_LENT = "lent-secret-"


@dataclass
class Vendor:
    """Puts credentials into what the catalog answers, new ones once the last are ``fresh_s`` old.

    They are said to be good for ``lifetime_s``.
    """

    store: Store
    lifetime_s: float = 90
    fresh_s: float = 20
    accounts: list[str] = field(default_factory=list)
    _current: dict[str, str] = field(default_factory=dict)
    _made: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lend(self, method: str, path: str, body: bytes) -> bytes:
        """The answer with credentials, if it is one about a table."""
        if method not in ("GET", "POST") or "/tables" not in path or b'"metadata"' not in body:
            return body
        told = json.loads(body)
        with self._lock:
            if time.monotonic() - self._made > self.fresh_s:
                self._current, self._made = self._account(), time.monotonic()
            told["storage-credentials"] = [{"prefix": f"s3://{BUCKET}/", "config": self._current}]
        return json.dumps(told).encode()

    def revoke(self) -> None:
        """Let all that was lent be worth nothing from now on."""
        with self._lock:
            for account in self.accounts:
                self._admin("delete-user", "--access", account)
            self.accounts.clear()
            self._made = 0

    def _account(self) -> dict[str, str]:
        key, secret = f"lent-{uuid4().hex[:12]}", f"{SECRET_LENT}{uuid4().hex}"
        self._admin("create-user", "--access", key, "--secret", secret, "--role", "user")
        self.accounts.append(key)
        self._let_in(self.accounts)
        return {
            "s3.access-key-id": key,
            "s3.secret-access-key": secret,
            "s3.session-token-expires-at-ms": str(int((time.time() + self.lifetime_s) * 1000)),
        }

    def _let_in(self, accounts: list[str]) -> None:
        """Write the bucket's policy where the store keeps it."""
        resource = f"arn:aws:s3:::{BUCKET}"
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": accounts},
            "Action": "s3:*",
            "Resource": [resource, f"{resource}/*"],
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        os.setxattr(self.store.folder, "user.policy", json.dumps(policy).encode())

    def _admin(self, *command: str) -> None:
        root = ["--access", KEY, "--secret", SECRET, "--endpoint-url", self.store.endpoint]
        subprocess.run(
            [store_program(), "admin", *root, *command], stdout=subprocess.DEVNULL, timeout=300, check=True
        )


@contextmanager
def vending(server: RestServer, store: Store) -> Iterator[tuple[Vendor, FaultProxy]]:
    """The catalog behind a proxy that lends credentials."""
    vendor = Vendor(store)
    with FaultProxy(server.port, rewrite=vendor.lend) as proxy:
        yield vendor, proxy
