"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    try:
        # Here, so that a Ctrl-C while it is still being imported ends without a word, too.
        from floe_core.cli.program import program

        program.main()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        gc.freeze()  # or the interpreter looks through it all for garbage, a second after a large compile
