"""The twelve surroundings that the same files are compiled in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testing.determinism.platform import write_platform
from testing.sources import ROOT

_YEARS = 10 * 365 * 86_400
_NOBODY = 65_534
_ALWAYS_WRITABLE = ("floe.yaml",)  # the one file that is written anew for each spec
_MADE_BY_RUNNING = shutil.ignore_patterns("target", "logs", ".floe", "__pycache__")


@dataclass(frozen=True)
class Surroundings:
    """What differs from one machine to the next; all of it as here where nothing is said."""

    folder: str = "a"
    variables: Mapping[str, str] = field(default_factory=dict)
    locale: str = "C.UTF-8"
    umask: int = 0o022
    mtime: int | None = None
    clock_off_s: int = 0
    folders_backwards: bool = False
    other_user: bool = False
    read_only: bool = False


SURROUNDINGS: Mapping[str, Surroundings] = {
    "here": Surroundings(),
    "everything else": Surroundings(
        "somewhere else/größer (2)",
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu"},
        locale="tr_TR.UTF-8",
        umask=0o077,
        mtime=1,
        clock_off_s=_YEARS,
        folders_backwards=True,
        other_user=True,
        read_only=True,
    ),
    "another hash seed": Surroundings(variables={"PYTHONHASHSEED": "1"}),
    "another time zone": Surroundings(variables={"TZ": "America/St_Johns"}),
    "in Turkish": Surroundings(locale="tr_TR.UTF-8"),
    "without any locale": Surroundings(locale="C", variables={"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "a folder with spaces and umlauts": Surroundings("mit Leerzeichen/größe 日本"),
    "a strict umask": Surroundings(umask=0o077, mtime=1_000_000_000),
    "folders backwards": Surroundings(folders_backwards=True),
    "ten years ago": Surroundings(clock_off_s=-_YEARS),
    "in ten years": Surroundings(clock_off_s=_YEARS),
    "another user who may not write": Surroundings(other_user=True, read_only=True),
}


def built_shim(folder: Path) -> Path:
    """The library that moves the clock and turns folders round, compiled into the folder."""
    library = folder / "surroundings.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def built_locale(folder: Path) -> Path:
    """A folder with the Turkish locale, in which 'I' and 'i' are no pair."""
    folder.mkdir(exist_ok=True)
    command = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / "tr_TR.UTF-8")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def digest_in(surroundings: Surroundings, shim: Path, locales: Path, count: int) -> str:
    """Copy demo and platform to a place that any user comes to, compile there in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return _digest(surroundings, Path(folder), shim, locales, count)


def _digest(surroundings: Surroundings, root: Path, shim: Path, locales: Path, count: int) -> str:
    place = root / surroundings.folder
    place.mkdir(parents=True)
    shutil.copytree(ROOT / "demo", place / "demo", ignore=_MADE_BY_RUNNING)
    write_platform(place / "platform")
    _prepare(root, place, surroundings)
    user = _NOBODY if surroundings.other_user and _may_be_anybody() else 0
    prefix = ["unshare", "--user"] if surroundings.other_user and not user else []
    module = [sys.executable, "-m", "testing.determinism.compile"]
    done = subprocess.run(
        [*prefix, *module, str(place), str(count), str(user)],
        cwd=ROOT,
        env=_variables(surroundings, root, shim, locales),
        umask=surroundings.umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def _prepare(root: Path, place: Path, surroundings: Surroundings) -> None:
    """Rights and times; what is generated goes into folders that stay writable."""
    products = [*place.glob("demo/*/floe.yaml"), *place.glob("platform/*/floe.yaml")]
    targets = [product.parent / "target" for product in products]
    for target in targets:
        target.mkdir()
    (root / "home").mkdir()
    paths = [place, *place.rglob("*")]
    for path in paths:
        if surroundings.mtime is not None:
            os.utime(path, (surroundings.mtime, surroundings.mtime))
        writable = path in targets or path.name in _ALWAYS_WRITABLE
        if surroundings.read_only and not writable:
            path.chmod(0o555 if path.is_dir() else 0o444)
        elif surroundings.other_user:
            path.chmod(0o777 if path.is_dir() else 0o666)
    if surroundings.other_user:
        (root / "home").chmod(0o777)
        for folder in (place, *place.parents):
            folder.chmod(folder.stat().st_mode | 0o055)
            if folder == root:
                break


def _variables(surroundings: Surroundings, root: Path, shim: Path, locales: Path) -> dict[str, str]:
    variables = {
        **os.environ,
        "HOME": str(root / "home"),
        "LC_ALL": surroundings.locale,
        **surroundings.variables,
    }
    variables["LOCPATH"] = str(locales)
    if surroundings.clock_off_s or surroundings.folders_backwards:
        variables |= {"LD_PRELOAD": str(shim), "FLOE_CLOCK_OFF": str(surroundings.clock_off_s)}
    if surroundings.folders_backwards:
        variables["FLOE_FOLDERS_BACKWARDS"] = "1"
    return variables


def _may_be_anybody() -> bool:
    """Whether this is root, and not only in a namespace that knows nobody else."""
    [[_, _, users], *_] = (line.split() for line in Path("/proc/self/uid_map").read_text().splitlines())
    return os.geteuid() == 0 and int(users) > _NOBODY
