"""The YAML files that dbt is going to read, each looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from floe_core.errors import Problem, SpecError
from floe_core.whole_file import write_if_changed
from floe_core.yaml_limits import refuse_beyond_limits


def beyond_limits(project_dir: Path, digests: Mapping[str, str], seen: Path) -> Iterator[Problem]:
    """What would end dbt's process, or fill the memory; ``seen`` keeps the digests of files without such."""
    files = {name: digest for name, digest in digests.items() if name.endswith((".yml", ".yaml"))}
    known = _known(seen)
    good = set()
    for name, digest in files.items():
        try:
            if digest not in known:
                refuse_beyond_limits((project_dir / name).read_bytes(), project_dir / name)
            good.add(digest)
        except SpecError as error:
            yield from error.problems
    write_if_changed(seen, "".join(f"{digest}\n" for digest in sorted(good)).encode())


def _known(seen: Path) -> set[str]:
    try:
        return set(seen.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return set()
