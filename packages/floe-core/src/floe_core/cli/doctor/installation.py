"""The Python and the distributions that floe runs on."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from floe_core.cli.doctor.finding import Finding
from floe_core.errors import Problem
from floe_core.plugins.registry import PluginRegistry

_CORE = "floe-core"
_OURS = re.compile(r"floe(-|$)")


def python() -> Iterator[Finding]:
    """Whether floe is made for this Python."""
    found, wanted = platform.python_version(), distribution(_CORE).metadata["Requires-Python"] or ""
    problems = () if SpecifierSet(wanted).contains(found, prereleases=True) else (_python(found, wanted),)
    yield Finding("python", found, problems)


def distributions(registry: PluginRegistry) -> Iterator[Finding]:
    """Whether what each distribution of floe and each with plugins needs is installed, in those versions."""
    names = {
        provider.distribution
        for named in registry.discover_all().values()
        for providers in named.values()
        for provider in providers
    }
    wanted = {_CORE, "floe", *names}
    for name in sorted(wanted | {need.name for each in wanted for need in _needs(each) if _ours(need)}):
        yield _checked(name)


def _checked(name: str) -> Finding:
    try:
        found: Distribution = distribution(name)
    except PackageNotFoundError:
        missing = Problem("FLOE-E031", f"'{name}' is not installed", hint=f"pip install {name}")
        return Finding(name, problems=(missing,))
    needs = _needs(name)
    problems = tuple(problem for need in needs if (problem := _unmet(name, need)))
    pinned = (f"{need.name} {_version(need.name)}" for need in needs if not _ours(need))
    return Finding(name, ", ".join([found.version, *pinned]), problems)


def _needs(name: str) -> list[Requirement]:
    """What the distribution asks for here; nothing when it is not there itself."""
    try:
        texts = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    needs = [Requirement(text) for text in texts]
    return [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]


def _unmet(name: str, need: Requirement) -> Problem | None:
    found = _version(need.name)
    if found and need.specifier.contains(found, prereleases=True):
        return None
    what = f"{need.name} {found} is installed" if found else f"'{need.name}' is not installed"
    wanted = f"{need.name}{need.specifier}"
    return Problem("FLOE-E031", f"'{name}' needs {wanted}, {what}", hint=f"pip install '{wanted}'")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _ours(need: Requirement) -> bool:
    return bool(_OURS.match(need.name))


def _python(found: str, wanted: str) -> Problem:
    hint = "make a new environment with such a Python: python3.11 -m venv .venv"
    return Problem("FLOE-E030", f"floe is made for Python {wanted}, this is {found}", hint=hint)
