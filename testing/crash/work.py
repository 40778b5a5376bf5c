"""Work on a lake that ends at any point where files change: ``python -m testing.crash.work FOLDER``.

Runs with the shim preloaded. It reads requests, forks for each, and the fork dies, or its calls fail, from
the n-th point on. A line of JSON each way: ``{"operation", "number", "n", "ending", …}`` and ``{"signal",
"points", "outcome", "written"}``: the signal the fork died of, 0 if it came to its end; how many points it
had come to; 'done', the error as floe tells it, or the class of any other; what a run had written by then.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from floe_core.errors import FloeError
from testing.crash import shim
from testing.crash.naive import NAIVE
from testing.crash.operations import OPERATIONS, PREPARATIONS, Attempt

WORK = {name: operation.work for name, operation in OPERATIONS.items()} | PREPARATIONS | NAIVE


def main() -> None:
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        Attempt(Path(scratch), 0).manager.close()  # so that no fork has to import what opening does
    for line in sys.stdin:
        request = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _work(folder, request, writer)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as answers:
            told = answers.read()
        _, status = os.waitpid(child, 0)
        unheard = {"outcome": "nothing told", "points": request["n"], "written": []}
        answer = {**(json.loads(told) if told else unheard), "signal": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)


def _work(folder: Path, request: dict[str, Any], writer: int) -> None:
    """Do it and tell; only then close what is open, which may be one more place to die."""
    image = Path(request["image"]) if request["image"] else None
    attempt = Attempt(folder, request["number"], request["attempt"], request["reuse"])
    shim.arm(folder, request["n"], shim.ENDINGS[request["ending"]], image)
    outcome = _outcome(request["operation"], attempt)
    answer = {"outcome": outcome, "points": shim.points(), "written": list(attempt.written)}
    os.write(writer, json.dumps(answer).encode())
    attempt.close()


def _outcome(name: str, attempt: Attempt) -> str:
    try:
        WORK[name](attempt)
    except FloeError as error:
        return " ".join(str(error.problems[0]).split())
    except Exception as error:  # noqa: BLE001 - a class that is not floe's is what the test looks for
        return f"{type(error).__name__}: {error}"
    return "done"


if __name__ == "__main__":
    main()
