"""HTTP that ends in time, whatever the other side does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout, RequestException
from urllib3.exceptions import HTTPError

_CONNECT_TIMEOUT_S = 5


@dataclass(frozen=True)
class Patience:
    """How long one request may take, and how long one may go on asking."""

    request_s: float = 60
    overall_s: float = 120

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> Patience:
        request = float(properties.get("floe.request-timeout-s", cls.request_s))
        return cls(request, float(properties.get("floe.patience-s", max(cls.overall_s, 2 * request))))


def pauses(patience: Patience, tries: int | None = None) -> Iterator[float | None]:
    """How long to wait after each try, None after the last: when they are used up, or the time is."""
    began = time.monotonic()
    for number in count(1):
        pause_s = min(0.1 * 2**number, 2.0)
        last = number == tries or time.monotonic() - began + pause_s > patience.overall_s
        # asked again only once a try has failed, so the time is that of the tries before
        yield None if last else pause_s
        if last:
            return


class BoundedAdapter(HTTPAdapter):
    """Gives a request and the whole of its answer one time to end by; a trickle is no answer.

    The timeouts of ``requests`` are for each read, so that a byte a second keeps it waiting for ever. Hence
    a thread for each request, which is left behind when the time is up.
    """

    def __init__(self, request_s: float) -> None:
        self._request_s = request_s
        super().__init__()

    def send(self, request: PreparedRequest, *_: Any, **options: Any) -> Response:
        outcome: list[Response | Exception] = []
        connect_s = min(_CONNECT_TIMEOUT_S, self._request_s)
        options |= {"timeout": (connect_s, self._request_s), "stream": True}
        sending = threading.Thread(target=self._send, args=(request, options, outcome), daemon=True)
        sending.start()
        sending.join(self._request_s)
        if not outcome:
            raise ReadTimeout(f"no whole answer within {self._request_s:g} s", request=request)
        [answer] = outcome
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _send(
        self, request: PreparedRequest, options: Mapping[str, Any], outcome: list[Response | Exception]
    ) -> None:
        try:
            response = super().send(request, **options)
            _ = response.content  # read here, so that it counts
        except (RequestException, HTTPError, OSError, ValueError) as error:
            outcome.append(error)
        else:
            outcome.append(response)
