"""Compiles demos and generated specs, and prints one digest: ``python -m testing.determinism.compile``.

Arguments: the folder with 'demo' and 'platform' in it, how many specs, and the user to become (0 for none).
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import sys
from pathlib import Path

from floe_core.compilation.stages import compile_pipeline
from floe_core.compiler import compile_floe_spec, seldom_collecting
from testing.determinism.platform import PROJECTS, spec

_KEEP_CAPABILITIES = 8  # linux/prctl.h, linux/capability.h
_CAPABILITIES_VERSION_3 = 0x20080522
_DAC_READ_SEARCH = 2
_DEMOS = 3
GENERATED = ("compiled_artifacts.json", "profiles.yml", "definitions.py")


def main(folder: Path, count: int, user: int) -> str:
    if user:
        become(user)
    total = hashlib.sha256()
    products = sorted((folder / "demo").glob("*/floe.yaml"))
    if len(products) != _DEMOS:
        raise FileNotFoundError(f"{len(products)} of {_DEMOS} products in {folder / 'demo'}")
    for product in products:
        compilation = compile_floe_spec(product)
        for name in GENERATED:
            total.update((compilation.location.generated_dir / name).read_bytes())
    if user and os.access(folder / "platform" / "manifest.yaml", os.W_OK, effective_ids=True):
        raise PermissionError("this user may write what it should only read")
    with seldom_collecting():
        for number, name in zip(range(count), itertools.cycle(PROJECTS), strict=False):
            path = folder / "platform" / name / "floe.yaml"
            path.write_bytes(spec(name, number).encode())
            total.update(compile_pipeline(path).to_bytes())
    return total.hexdigest()


def become(user: int) -> None:
    """Be another user, who may read everything (Python may lie in root's own folder) and write little."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.setgroups([])
    os.setresgid(user, user, user)
    libc.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    reads = 1 << _DAC_READ_SEARCH
    sets = (ctypes.c_uint32 * 6)(
        reads, reads, 0, 0, 0, 0
    )  # effective, permitted, inheritable; low words first
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
