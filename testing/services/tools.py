"""What the services are started from: found on this machine, or built once into ``.cache/services``.

Jars come from where Maven is told to look and are held against their digests; the store is built by Go,
which checks its modules itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from testing.sources import ROOT

CACHE = ROOT / ".cache" / "services"
OLDEST_JAVA = 21
STORE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
_HERE = Path(__file__).parent
_INSTALLED = Path("/usr/lib/jvm")
_JARS = CACHE / "jars"
_CLASSES = CACHE / "classes"
_MAVEN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


class CannotBeRun(Exception):
    """Something this machine lacks, and what to install."""


def java_home() -> Path:
    """The JDK that FLOE_JAVA_HOME names, else JAVA_HOME, else the newest one installed; 21 or newer."""
    if chosen := os.environ.get("FLOE_JAVA_HOME"):
        if _java_version(Path(chosen)) < OLDEST_JAVA:
            raise CannotBeRun(f"FLOE_JAVA_HOME names no JDK {OLDEST_JAVA} or newer: install one, or unset it")
        return Path(chosen)
    installed = sorted(_INSTALLED.glob("*"), key=_java_version, reverse=True)
    usual = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    found = next((home for home in (*usual, *installed) if _java_version(home) >= OLDEST_JAVA), None)
    if found is None:
        raise CannotBeRun(f"no JDK {OLDEST_JAVA} or newer: install one, or let FLOE_JAVA_HOME name it")
    return found


def _java_version(home: Path) -> int:
    if not (home / "bin" / "javac").exists():
        return 0
    told = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found[1]) if found else 0


def build_catalog() -> None:
    """Fetch the jars, unless they are there, and compile the server beside them."""
    java = java_home()
    if not _whole():
        if shutil.which("mvn") is None:
            raise CannotBeRun("no mvn on the PATH: install Maven")
        shutil.rmtree(_JARS, ignore_errors=True)
        command = ["mvn", "--quiet", "--batch-mode", "--file", str(_HERE / "pom.xml"), _MAVEN]
        command += [f"-Dmaven.repo.local={CACHE / 'maven'}", f"-DoutputDirectory={_JARS}"]
        subprocess.run([*command, "-DincludeScope=runtime"], check=True)
        if not _whole():
            raise ValueError(f"'{_JARS}' does not hold the jars of '{_HERE / 'jars.sha256'}'")
    source = _HERE / "Rest.java"
    done = _CLASSES / "Rest.java"
    if not done.exists() or done.read_bytes() != source.read_bytes():
        javac = [str(java / "bin" / "javac"), "-cp", f"{_JARS}/*", "-d", str(_CLASSES), str(source)]
        subprocess.run(javac, check=True)
        shutil.copy(source, done)
    (CACHE / "java").unlink(missing_ok=True)
    (CACHE / "java").symlink_to(java / "bin" / "java")  # tests see no variables of whoever runs them


def catalog_command() -> list[str]:
    """The server's, to which a port and the catalog's properties are to be added."""
    memory = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"]
    return [str(CACHE / "java"), *memory, "-cp", f"{_CLASSES}:{_JARS}/*", "Rest"]


def _whole() -> bool:
    """Whether the jars are there, these and no others, each as it was when it was chosen."""
    there = {path.name: path for path in _JARS.glob("*")}
    wanted = dict(_digests())
    return there.keys() == wanted.keys() and all(
        hashlib.sha256(there[name].read_bytes()).hexdigest() == digest for name, digest in wanted.items()
    )


def _digests() -> Iterator[tuple[str, str]]:
    for line in (_HERE / "jars.sha256").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        yield name, digest


def build_store() -> None:
    """Build the S3 store, unless it is there."""
    program = store_program()
    if program.exists():
        return
    if shutil.which("go") is None:
        raise CannotBeRun("no go on the PATH: install Go 1.26 or newer")
    go = CACHE / "go"
    settings = {
        "GOBIN": str(program.parent),
        "GOMODCACHE": str(go / "modules"),
        "GOCACHE": str(go / "build"),
        "GOFLAGS": "-buildvcs=false -trimpath -modcacherw",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    subprocess.run(["go", "install", "-ldflags=-s -w", STORE], env={**os.environ, **settings}, check=True)
    shutil.rmtree(go)  # a gigabyte nobody needs any more


def store_program() -> Path:
    return CACHE / "bin" / STORE.rpartition("@")[2] / "versitygw"


def postgres_programs() -> Path:
    """The folder with ``initdb`` and ``postgres``: Debian's newest, else that on the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("postgres")
    folders = [*reversed(debian), *([Path(found).parent] if found else [])]
    whole = (folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists())
    folder = next(whole, None)
    if folder is None:
        raise CannotBeRun("no PostgreSQL server: install it (Debian: postgresql)")
    return folder
