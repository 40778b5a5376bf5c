"""The difference of two artifacts as a whole: its changes, and the version it calls for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from floe_core.compatibility.changes import Change, Comparison
from floe_core.compatibility.readers import Readers
from floe_core.schemas.artifacts import CompiledArtifacts

Bump = Literal["major", "minor", "patch", "none"]

_SEMANTIC = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Difference:
    """``uncompiled`` are products that could not be asked whether they read what changes.

    ``version`` is what the next release should be called, None where versions are no three numbers.
    """

    before: CompiledArtifacts
    after: CompiledArtifacts
    changes: tuple[Change, ...]
    uncompiled: tuple[str, ...] = ()

    @property
    def breaking(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if not change.compatible)

    @property
    def asks_readers(self) -> bool:
        """Whether something goes, so that it matters who reads it."""
        return any(change.verdict in ("breaking", "deprecated") for change in self.changes)

    @property
    def bump(self) -> Bump:
        """Major breaks readers, minor gives them more or takes what was announced, patch is the rest."""
        if self.breaking:
            return "major"
        if any(change.verdict in ("addition", "deprecated") for change in self.changes):
            return "minor"
        return "none" if _same_work(self.before, self.after) else "patch"

    @property
    def version(self) -> str | None:
        found = _SEMANTIC.fullmatch(self.before.metadata.product_version)
        if found is None:
            return None
        major, minor, patch = (int(part) for part in found.groups())
        return {
            "major": f"{major + 1}.0.0",
            "minor": f"{major}.{minor + 1}.0",
            "patch": f"{major}.{minor}.{patch + 1}",
            "none": found[0],
        }[self.bump]


def compare(
    before: CompiledArtifacts,
    after: CompiledArtifacts,
    platform: Iterable[CompiledArtifacts],
    uncompiled: Iterable[str] = (),
) -> Difference:
    """``platform`` are the artifacts of the other products, whose models may read these tables.

    ``uncompiled`` are the names of those that have none.
    """
    own = after.metadata.product_name
    others = [each for each in platform if each.metadata.product_name != own]
    changes = Comparison(before, after, Readers([after, *others])).changes()
    return Difference(before, after, changes, tuple(name for name in uncompiled if name != own))


def _same_work(before: CompiledArtifacts, after: CompiledArtifacts) -> bool:
    """Whether all but the version is the same."""
    renamed = before.metadata.model_copy(update={"product_version": after.metadata.product_version})
    return before.model_copy(update={"metadata": renamed}) == after
