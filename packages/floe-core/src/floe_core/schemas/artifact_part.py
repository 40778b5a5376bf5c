"""What every part of an artifact is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ArtifactPart(BaseModel):
    """Frozen and closed: who writes something else does not know this version of the format."""

    model_config = ConfigDict(frozen=True, extra="forbid")
