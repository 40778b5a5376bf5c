"""The jars of the README's Spark session, fetched by Maven and held against their digests."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

DIGESTS: Mapping[str, str] = {
    "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.11.0": (
        "63c3b812549dc232c1920865ff42436df8604a9bbacd693930985c06bd97e6dc"
    ),
    "org.xerial:sqlite-jdbc:3.50.3.0": "a3f53a2aa15ae9425a9e793bbe9c8e5288febeb4b65ef5c1a4e80d4c2045cf08",
}
_FETCH = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"


def fetch(repository: Path) -> None:
    """Put them into the local Maven repository, where Spark looks first."""
    for coordinates, digest in DIGESTS.items():
        jar = _place(repository, coordinates)
        if not jar.exists():
            command = ["mvn", "--quiet", "--batch-mode", f"-Dmaven.repo.local={repository}", _FETCH]
            command += [f"-Dartifact={coordinates}", "-Dtransitive=false"]
            subprocess.run(command, check=True)
        found = hashlib.sha256(jar.read_bytes()).hexdigest()
        if found != digest:
            raise ValueError(f"'{jar}' has the digest {found}, not {digest}")


def _place(repository: Path, coordinates: str) -> Path:
    group, name, version = coordinates.split(":")
    return repository.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")
