"""The part of an artifact that Dagster's definitions are made of.

A code location is loaded again and again, by several processes: with thousands of models the whole
artifact, column lineage above all, would cost more than everything else.
"""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from floe_core.schemas.artifacts import (
    ArtifactMetadata,
    DagsterConfig,
    Microbatch,
    PluginChoices,
    TestRef,
)


@dataclass(frozen=True, slots=True)
class OutlineColumn:
    name: str
    type: str
    nullable: bool
    description: str | None


@dataclass(frozen=True, slots=True)
class OutlineTable:
    """A seed or a model; seeds have neither layer nor anything they depend on."""

    unique_id: str
    namespace: str
    table: str
    columns: tuple[OutlineColumn, ...]
    tags: tuple[str, ...]
    description: str | None
    path: str
    config_digest: str
    source_sha256: str
    tests: tuple[TestRef, ...]
    layer: str | None = None
    materialized: str = "seed"
    stored: bool = True
    depends_on: tuple[str, ...] = ()
    microbatch: Microbatch | None = None


@dataclass(frozen=True, slots=True)
class OutlineSource:
    """A table that is read and not built here."""

    unique_id: str
    name: str
    source_name: str
    namespace: str
    table: str
    product: str | None
    columns: tuple[OutlineColumn, ...]
    description: str | None


@dataclass(frozen=True, slots=True)
class Outline:
    """What the definitions of one product need to know, under the names that the artifact has for it."""

    metadata: ArtifactMetadata
    plugins: PluginChoices
    dagster: DagsterConfig
    seeds: tuple[OutlineTable, ...]
    transforms: tuple[OutlineTable, ...]
    sources: tuple[OutlineSource, ...]

    @property
    def nodes(self) -> tuple[OutlineTable, ...]:
        """Seeds, then models."""
        return (*self.seeds, *self.transforms)


def read_outline(artifacts_path: Path) -> tuple[Outline, str]:
    """The outline of a stored artifact, and the artifact's digest."""
    stored = artifacts_path.read_bytes()
    outline, digest = _adapter().validate_json(stored), hashlib.sha256(stored).hexdigest()
    del stored
    _give_back_memory()
    return outline, digest


def _give_back_memory() -> None:
    """Let the C library return what parsing took: twice the artifact, which code servers would keep.

    Only glibc hoards it, and only glibc has the call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@cache
def _adapter() -> TypeAdapter[Outline]:
    return TypeAdapter(Outline)
