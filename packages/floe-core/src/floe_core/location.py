"""Where a product's files lie. Nothing in here reaches an artifact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Location:
    """The places of one product, all absolute. ``manifest_path`` is None on the built-in platform."""

    spec_path: Path
    manifest_path: Path | None

    @property
    def product_dir(self) -> Path:
        return self.spec_path.parent

    @property
    def state_dir(self) -> Path:
        return (self.manifest_path or self.spec_path).parent / ".floe"

    @property
    def generated_dir(self) -> Path:
        return self.product_dir / "target" / "floe"

    @property
    def artifacts_path(self) -> Path:
        return self.generated_dir / "compiled_artifacts.json"
