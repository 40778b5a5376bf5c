"""The one door that errors leave through: a sentence, the next thing to type, an exit status."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote

import click

from floe_core.cli.output import Output, wants_json
from floe_core.cli.problems import problems_document, show_problems
from floe_core.errors import FloeError, Problem, shown

INTERRUPTED = 130
_USAGE = 2
_FAILED = 1

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def pass_through(call: Callable[[], None], arguments: list[str]) -> int:
    """Call, tell what went wrong if something did, and return the exit status."""
    _never_fail_to_encode()
    output = Output(json=wants_json(arguments))
    try:
        status = _attempt(call, output)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return _FAILED
    return status


def _attempt(call: Callable[[], None], output: Output) -> int:
    try:
        call()
    except click.exceptions.Exit as end:
        return end.exit_code
    except FloeError as error:
        return _tell(output, error.problems, error.exit_status)
    except click.ClickException as error:
        return _tell(output, [_misuse(error)], _USAGE)
    except (KeyboardInterrupt, click.Abort):
        return _tell(output, [Problem("FLOE-E002", "interrupted")], INTERRUPTED)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _tell(output, [_from_system(error) or _bug()], _FAILED)
    except Exception:  # noqa: BLE001 - the door: whatever comes leaves as a sentence
        return _tell(output, [_bug()], _FAILED)
    return 0


def _tell(output: Output, problems: Sequence[Problem], status: int) -> int:
    if os.environ.get("FLOE_DEBUG"):
        traceback.print_exc()
    output.document(problems_document(problems))
    show_problems(output, problems)
    return status


def _misuse(error: click.ClickException) -> Problem:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context else None
    return Problem("FLOE-E001", message[:1].lower() + message[1:], hint=hint)


def _from_system(error: OSError) -> Problem | None:
    """What a person can do something about: a full disk, or a path that is told; else None."""
    path = shown(Path(os.fsdecode(error.filename))) if isinstance(error.filename, str | bytes) else None
    if error.errno in _FULL:
        where = f", writing '{path}'" if path else ""
        return Problem("FLOE-E003", f"no space left on the disk{where}", hint="make room, then again")
    if path is None:
        return None
    hint = f"see whose it is: ls -ld {quote(path)}" if error.errno in _DENIED else None
    return Problem(
        "FLOE-E003", f"cannot use '{path}': {(error.strerror or 'no reason given').lower()}", hint=hint
    )


def _bug() -> Problem:
    """Write down the exception being handled, and say where."""
    details = traceback.format_exc()
    name = f"bug-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
    for folder in (_logs(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(details, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return Problem(
            "FLOE-E004",
            f"this is a bug in floe; the details are in '{shown(folder / name)}'",
            hint="report it with that file",
        )
    return Problem("FLOE-E004", "this is a bug in floe", hint="set FLOE_DEBUG=1 to see the details")


def _logs() -> Path:
    """The logs of the state that is nearest to where one stands."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".floe").is_dir():
            return folder / ".floe" / "logs"
    return Path(tempfile.gettempdir())


def _never_fail_to_encode() -> None:
    """Data and paths may hold what a terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Nobody reads any more: let the interpreter flush into nothing on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
