"""Every artifact that ran, kept by its digest: what a run was made of can be looked up afterwards."""

from __future__ import annotations

from pathlib import Path

from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.whole_file import write_if_changed


def keep_artifacts(state_dir: Path, artifacts: CompiledArtifacts) -> None:
    """Keep the artifact; the same one is kept once."""
    write_if_changed(_path(state_dir, artifacts.digest), artifacts.to_bytes())


def kept_artifacts(state_dir: Path, digest: str) -> CompiledArtifacts | None:
    """The artifact of that digest; None when it is gone or no longer what it was."""
    try:
        artifacts = CompiledArtifacts.model_validate_json(_path(state_dir, digest).read_bytes())
    except (OSError, ValueError):
        return None
    return artifacts if artifacts.digest == digest else None


def kept_bytes(state_dir: Path, digest: str) -> bytes | None:
    """What is kept under the digest, whatever it is now."""
    try:
        return _path(state_dir, digest).read_bytes()
    except OSError:
        return None


def keep_trace(state_dir: Path, digest: str, traceparent: str) -> None:
    """Keep which trace the artifact was compiled in; of several compiles that gave it the last."""
    write_if_changed(_path(state_dir, digest).with_suffix(".trace"), traceparent.encode())


def kept_trace(state_dir: Path, digest: str) -> str | None:
    """The ``traceparent`` of the artifact's compile; None when nobody noted it."""
    try:
        return _path(state_dir, digest).with_suffix(".trace").read_text()
    except OSError:
        return None


def _path(state_dir: Path, digest: str) -> Path:
    return state_dir / "artifacts" / f"{digest}.json"
