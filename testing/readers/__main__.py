"""Runs a reader's snippet of the README on a fresh shop: ``python -m testing.readers duckdb|spark``."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from testing.offline import NOT_RUN
from testing.readers import jars
from testing.readers.place import CACHE, installed
from testing.readme import blocks, printed

_OLDEST_JAVA = 17
_DUCKDB_PLATFORM = "import duckdb; print(duckdb.sql('pragma platform').fetchone()[0], duckdb.__version__)"


class CannotBeRun(Exception):
    """Something this machine lacks."""


def duckdb(home: Path) -> tuple[Mapping[str, str], str]:
    """With the extension where ``install iceberg`` puts it; what the snippet shall print comes along."""
    packages = installed("duckdb.txt")
    variables = {"PYTHONPATH": str(packages), "HOME": str(home)}
    [told] = printed([_DUCKDB_PLATFORM], home, variables)
    platform, version = told.split()
    place = home / ".duckdb" / "extensions" / f"v{version}" / platform
    place.mkdir(parents=True)
    for extension in packages.glob(f"duckdb_extension_*/extensions/v{version}/*.duckdb_extension"):
        shutil.copy(extension, place)
    return variables, "[('Urs Bühler', Decimal('608.00'))]"


def spark(home: Path) -> tuple[Mapping[str, str], str]:
    if shutil.which("mvn") is None:
        raise CannotBeRun("no mvn on the PATH")
    if _java() < _OLDEST_JAVA:
        raise CannotBeRun(f"no Java {_OLDEST_JAVA} or newer on the PATH")
    java_home = CACHE / "java-home"
    jars.fetch(java_home / ".m2" / "repository")
    variables = {
        "PYTHONPATH": str(installed("spark.txt")),
        "HOME": str(home),
        "JAVA_TOOL_OPTIONS": f"-Duser.home={java_home}",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return variables, "[Row(name='Urs Bühler', revenue=Decimal('608.00'))]"


def _java() -> int:
    try:
        told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    except (FileNotFoundError, subprocess.CalledProcessError):
        return 0
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0


READERS: Mapping[str, tuple[int, Callable[[Path], tuple[Mapping[str, str], str]]]] = {
    "duckdb": (2, duckdb),
    "spark": (3, spark),
}


def read(name: str) -> str:
    """What is wrong with what the reader printed; empty when nothing is."""
    which, prepare = READERS[name]
    snippets = blocks("Opening the lake", "python")
    with tempfile.TemporaryDirectory(prefix="floe-reader-") as scratch:
        variables, wanted = prepare(Path(scratch))
        for command in (["init", "shop"], ["run", "shop"]):
            floe = Path(sys.executable).parent / "floe"
            subprocess.run([floe, *command], cwd=scratch, stdout=subprocess.DEVNULL, check=True)
        *_, last = printed([snippets[0], snippets[which]], Path(scratch) / "shop", variables)
    return "" if last == wanted else f"'{name}' printed {last}\n  not {wanted}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.readers", description=__doc__)
    parser.add_argument("reader", choices=sorted(READERS))
    name = parser.parse_args().reader
    try:
        wrong = read(name)
    except CannotBeRun as error:
        print(f"NOT RUN: {error}")
        return NOT_RUN
    print(wrong or f"{name} reads the README's table")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
