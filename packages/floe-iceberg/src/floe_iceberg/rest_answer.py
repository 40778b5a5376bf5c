"""What a REST catalog's answers, and the lack of one, mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError
from pyiceberg.exceptions import (
    AuthorizationExpiredError,
    ForbiddenError,
    OAuthError,
    RESTError,
    UnauthorizedError,
)
from pyiceberg.table import CommitTableResponse
from requests import ConnectTimeout, RequestException, Response, Timeout

from floe_core.errors import Problem, ServiceError
from floe_core.security_log import SecurityEvent, report

Refusal = Literal["authentication", "authorization"]

_REFUSED = (AuthorizationExpiredError, ForbiddenError, OAuthError, UnauthorizedError)
_NOT_ALLOWED: dict[int, Refusal] = {401: "authentication", 403: "authorization", 419: "authentication"}
_LONGEST = 300  # characters of somebody else's words in a message of ours


class PassingError(ServiceError):
    """What may be over when one asks again."""


@dataclass(frozen=True)
class Answer:
    """What became of a commit, as far as the answer tells; 'unclear' is what has to be looked up."""

    kind: Literal["done", "moved", "refused", "unclear"]
    reason: str = ""
    table: CommitTableResponse | None = None


def answer(ask: Callable[[], Response]) -> Answer:
    """Ask for a commit and judge the answer."""
    try:
        response = ask()
    except (RequestException, OAuthError) as error:
        return Answer("unclear", reason(error))
    status = response.status_code
    if status in (200, 204):
        return _done(response)
    why = _told(response)
    if status in _NOT_ALLOWED:
        _report("rest", _NOT_ALLOWED[status], why, action="commit")
    if status in (404, 409):
        return Answer("moved", why)
    # a gateway may say 429 as well as 503 for what it has passed on
    if status == 429 or status >= 500:
        return Answer("unclear", why)
    return Answer("refused", why)


def _done(response: Response) -> Answer:
    if not response.content:
        return Answer("done")
    try:
        return Answer("done", table=CommitTableResponse.model_validate_json(response.content))
    except ValidationError:
        return Answer("unclear", "an answer that is none")


def _told(response: Response) -> str:
    """The catalog's own message, or the status that stands for it."""
    try:
        said = str(response.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        said = response.reason or ""
    return _cut(f"{response.status_code} {said}")


@contextmanager
def asking(name: str) -> Iterator[None]:
    """Tell what goes wrong with a catalog as an error of a service."""
    try:
        yield
    except _REFUSED as error:
        _report(
            name, "authorization" if isinstance(error, ForbiddenError) else "authentication", reason(error)
        )
        raise ServiceError(
            Problem(
                "FLOE-E621",
                f"the catalog '{name}' refuses: {reason(error)}",
                hint="check the credentials, and what they may do there",
            )
        ) from error
    except RequestException as error:
        raise PassingError(
            Problem(
                "FLOE-E626",
                f"the catalog '{name}' cannot be reached: {reason(error)}",
                hint="check its address, and that it is up",
            )
        ) from error
    except (RESTError, ValidationError) as error:
        raise PassingError(
            Problem("FLOE-E622", f"the catalog '{name}' answered badly: {reason(error)}")
        ) from error


def _report(name: str, kind: Refusal, why: str, *, action: str = "ask") -> None:
    report(SecurityEvent(kind, f"catalog '{name}'", action, why))


def reason(error: Exception) -> str:
    """A few words: what libraries say quotes addresses, headers and bodies."""
    if isinstance(error, ConnectTimeout):
        return "no connection in time"
    if isinstance(error, Timeout):
        return "no whole answer in time"
    if isinstance(error, RequestException):
        return _system_reason(error) or "the connection broke"
    if isinstance(error, ValidationError):
        return "an answer that is none"
    return _cut(str(error))


def _system_reason(error: BaseException) -> str:
    """What the operating system said, however deep it lies."""
    nested = [error.__cause__, error.__context__, *error.args, getattr(error, "reason", None)]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    found = (_system_reason(inner) for inner in nested if isinstance(inner, BaseException))
    return next((told for told in found if told), "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
