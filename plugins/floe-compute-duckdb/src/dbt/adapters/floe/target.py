"""``target.type`` in a project's templates: a project that runs on DuckDB asks whether it does."""

from __future__ import annotations

from typing import Any

from dbt.config.profile import Profile


def answer_as_duckdb() -> None:
    """Let ``target.type`` be 'duckdb', whose SQL it is; ``adapter.type()`` and dispatch say 'floe'."""
    profile: Any = Profile
    to_target_dict = profile.to_target_dict

    def to_target_dict_of_duckdb(self: Profile) -> dict[str, Any]:
        target: dict[str, Any] = to_target_dict(self)
        return target | {"type": "duckdb"} if target["type"] == "floe" else target

    profile.to_target_dict = to_target_dict_of_duckdb
