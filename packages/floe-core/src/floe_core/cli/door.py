"""The one door that errors leave through: a sentence, the next thing to type, an exit status."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from floe_core.cli.output import Output, forget, wants_json
from floe_core.cli.problems import problems_document, show_problems
from floe_core.cli.signals import signals_interrupt
from floe_core.cli.system_errors import from_system
from floe_core.errors import FloeError, Problem, shown

INTERRUPTED = 130
_USAGE = 2
_FAILED = 1
_SHOWING = {"--help", "--version"}


def pass_through(call: Callable[[], None], arguments: list[str]) -> int:
    """Call, tell what went wrong if something did, and return the exit status."""
    _never_fail_to_encode()
    with signals_interrupt():
        return _attempt(call, arguments)


def problems_raised(call: Callable[[], None]) -> list[Problem]:
    """What the call raises, as the door tells it; nothing when it ends well."""
    try:
        call()
    except FloeError as error:
        return list(error.problems)
    except Exception as error:  # noqa: BLE001 - the door: whatever comes leaves as a sentence
        return [from_system(error) or _bug()]
    return []


def _attempt(call: Callable[[], None], arguments: list[str]) -> int:
    output = Output(json=wants_json(arguments))
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
    except BrokenPipeError:  # from click, which prints help and version by itself
        forget(sys.stdout)
        return 0 if _SHOWING.intersection(arguments) or not arguments else _FAILED
    except Exception as error:  # noqa: BLE001 - the door: whatever comes leaves as a sentence
        return _tell(output, [from_system(error) or _bug()], _FAILED)
    return 0


def _tell(output: Output, problems: Sequence[Problem], status: int) -> int:
    if os.environ.get("FLOE_DEBUG"):
        traceback.print_exc()
    output.document(problems_document(problems))
    show_problems(output, problems)
    return status


def _misuse(error: click.ClickException) -> Problem:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # whose message is all of the help
        assert isinstance(error.ctx.command, click.Group)
        message = f"missing command, one of {', '.join(error.ctx.command.list_commands(error.ctx))}"
    else:
        message = error.format_message().partition("\n")[0].removesuffix(" Choose from:").rstrip(".")
    hint = f"{context.command_path} --help" if context else None
    return Problem("FLOE-E001", message[:1].lower() + message[1:], hint=hint)


def _bug() -> Problem:
    """Write down the exception being handled, and say where."""
    details = traceback.format_exc()
    name = f"bug-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
    for folder in (_logs(), Path(tempfile.gettempdir())):
        if _written(folder / name, details):
            where = shown(folder / name)
            message = f"this is a bug in floe; the details are in '{where}'"
            return Problem("FLOE-E004", message, hint="report it with that file")
    return Problem("FLOE-E004", "this is a bug in floe", hint="set FLOE_DEBUG=1 to see the details")


def _written(path: Path, text: str) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return False
    return True


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
