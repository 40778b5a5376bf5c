"""The same files give the same artifacts, wherever, whenever and by whom they are compiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from testing.determinism.surroundings import (
    SURROUNDINGS,
    Surroundings,
    built_locale,
    built_shim,
    digest_in,
)

pytestmark = pytest.mark.xdist_group("determinism")


@dataclass(frozen=True)
class Workshop:
    shim: Path
    locales: Path

    def digest(self, name: str, specs: int) -> str:
        return digest_in(SURROUNDINGS[name], self.shim, self.locales, specs)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("workshop")
    return Workshop(built_shim(folder), built_locale(folder / "locales"))


@pytest.mark.requirement("FR-016")
def test_two_surroundings_that_share_nothing_give_the_same_artifacts(workshop: Workshop) -> None:
    digests = {name: workshop.digest(name, specs=5) for name in ("here", "everything else")}
    assert len(set(digests.values())) == 1, digests


@pytest.mark.slow
@pytest.mark.requirement("FR-016")
def test_twelve_surroundings_give_the_same_artifacts_of_two_hundred_specs(workshop: Workshop) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as processes:
        found = processes.map(lambda name: workshop.digest(name, specs=200), SURROUNDINGS)
        digests = dict(zip(SURROUNDINGS, found, strict=True))
    assert len(digests) == 12
    assert len(set(digests.values())) == 1, digests


def seen(workshop: Workshop, program: str, surroundings: Surroundings, folder: Path) -> str:
    variables = {
        **os.environ,
        "LD_PRELOAD": str(workshop.shim),
        "LOCPATH": str(workshop.locales),
        "LC_ALL": surroundings.locale,
        "FLOE_CLOCK_OFF": str(surroundings.clock_off_s),
    }
    if surroundings.folders_backwards:
        variables["FLOE_FOLDERS_BACKWARDS"] = "1"
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.requirement("FR-016")
def test_the_surroundings_really_differ(workshop: Workshop, tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name).touch()
    here, there = SURROUNDINGS["here"], SURROUNDINGS["everything else"]
    entries = "import json, os, sys; print(json.dumps([e.name for e in os.scandir(sys.argv[1])]))"
    forwards, backwards = (json.loads(seen(workshop, entries, each, tmp_path)) for each in (here, there))
    assert backwards == forwards[::-1]
    assert sorted(forwards) == list("abcdef")
    year = "import datetime; print(datetime.datetime.now().year, __import__('time').gmtime().tm_year)"
    later = datetime.now(UTC).year + 10
    assert seen(workshop, year, there, tmp_path) == f"{later} {later}"
    point = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    assert (seen(workshop, point, here, tmp_path), seen(workshop, point, there, tmp_path)) == (".", ",")
