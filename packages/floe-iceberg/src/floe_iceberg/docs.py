"""What people say of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Docs:
    """What a table and its columns mean: columns not named here lose what they had."""

    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def properties(self) -> Mapping[str, str]:
        """As a table has them; what columns mean stands in its schema."""
        return {"comment": self.table} if self.table else {}
