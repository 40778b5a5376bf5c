"""The tool that turns a dbt project into SQL and runs it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from floe_core.events import RunEvent
from floe_core.location import Location
from floe_core.plugins.base import Plugin

ResourceType = Literal["model", "seed", "test", "unit_test", "source", "snapshot"]


@dataclass(frozen=True)
class DbtLocation:
    """Where one project's files lie: all absolute, none of them in an artifact."""

    project_dir: Path
    profiles_dir: Path
    target_dir: Path
    log_dir: Path

    @classmethod
    def of(cls, location: Location, dbt_project: str) -> DbtLocation:
        """The places of a product's dbt project: what dbt writes goes beside the generated files."""
        generated = location.generated_dir
        return cls(
            project_dir=Path(os.path.normpath(location.product_dir / dbt_project)),
            profiles_dir=generated,
            target_dir=generated / "dbt",
            log_dir=generated / "logs",
        )


@dataclass(frozen=True)
class ParsedNode:
    """One node of a parsed project, as far as floe needs it.

    ``path`` is relative to the project. ``columns`` are the documented ones, as (name, data_type or
    None). ``meta`` merges ``config.meta`` and ``meta``. ``raw_sha256`` is the digest of the node's own file
    content. ``attached`` is the node a test belongs to, ``generic_test`` its kind, such as ``not_null`` or
    ``dbt_utils.at_least_one`` (None for one that the project has put in place of dbt's own),
    ``tested_column`` the expression it is given for a column.
    ``described_in`` is the YAML file that describes the node, relative to the project.
    """

    unique_id: str
    resource_type: ResourceType
    name: str
    alias: str
    database: str
    schema: str
    path: str
    package: str
    language: str = "sql"
    materialized: str | None = None
    depends_on: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    columns: tuple[tuple[str, str | None], ...] = ()
    column_descriptions: Mapping[str, str] = field(default_factory=dict)
    column_meta: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    column_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    raw_sha256: str = ""
    attached: str | None = None
    severity: str | None = None
    described_in: str | None = None
    generic_test: str | None = None
    tested_column: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """A test that will not run; ``missing`` is what it reads and nobody has, None if that is switched off."""

    name: str
    path: str
    missing: str | None


@dataclass(frozen=True)
class ParsedProject:
    """A parsed project; ``nodes`` in dependency order, then by unique id, without those ``left_out``.

    ``env_vars`` are the environment variables the project reads, with their values (None: not set):
    they decide whether a parse is still current, and never reach an artifact.
    """

    name: str
    profile: str
    nodes: tuple[ParsedNode, ...]
    env_vars: Mapping[str, str | None]
    left_out: tuple[LeftOut, ...] = ()
    handle: Any = field(repr=False, compare=False, default=None)


@dataclass(frozen=True)
class CompiledNode:
    """What rendering gave: SQL, or the reason why it must wait for the run, or what is wrong.

    ``columns`` are those of a seed, as (name, engine type). ``incremental_sql`` is what a run renders
    that finds the table of an incremental model there, if it is another SQL.
    """

    sql: str | None = None
    incremental_sql: str | None = None
    deferred: str | None = None
    error: str | None = None
    error_line: int = 1
    columns: tuple[tuple[str, str], ...] | None = None


class DBTPlugin(Plugin, ABC):
    """A way to run dbt. Everything here imports dbt, so the compiler calls it only when files changed."""

    @abstractmethod
    def parse(self, location: DbtLocation) -> ParsedProject:
        """Parse the project with the generated profile.

        Raises SpecError with dbt's own words, the file and what to type when it does not parse,
        when packages are missing, when a profile is.
        """

    @abstractmethod
    def compile(self, location: DbtLocation, project: ParsedProject) -> Mapping[str, CompiledNode]:
        """Render models and tests, and find the columns of seeds; by unique id. Queries nothing."""

    @abstractmethod
    def build(
        self,
        location: DbtLocation,
        *,
        select: Sequence[str],
        full_refresh: bool,
        window: tuple[datetime, datetime] | None,
        observe: Callable[[RunEvent], None],
    ) -> bool:
        """Seed, run and test in dependency order, telling ``observe`` each step; true if all is well.

        ``window`` is the time that models built in batches are to build, else it is dbt's choice.
        Raises SpecError when ``select`` matches nothing or does not parse.
        """
