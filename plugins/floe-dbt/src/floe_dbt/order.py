"""The order in which a project's nodes can be built."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


class Cycle(Exception):
    """Nodes that depend on each other in a ring."""

    def __init__(self, members: Sequence[str]) -> None:
        super().__init__(" → ".join(members))
        self.members = tuple(members)


def dependency_order(depends_on: Mapping[str, Sequence[str]]) -> list[str]:
    """Every id after what it depends on, the smallest id first among those that are ready."""
    waiting = {id_: {other for other in others if other in depends_on} for id_, others in depends_on.items()}
    readers: dict[str, list[str]] = {}
    for id_, others in waiting.items():
        for other in others:
            readers.setdefault(other, []).append(id_)
    ready = [id_ for id_, others in waiting.items() if not others]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        done = heapq.heappop(ready)
        order.append(done)
        for reader in readers.get(done, ()):
            waiting[reader].discard(done)
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(depends_on):
        raise Cycle(_ring({id_: others for id_, others in waiting.items() if others}))
    return order


def _ring(waiting: Mapping[str, set[str]]) -> list[str]:
    """One ring: follow any dependency that waits too until an id comes back."""
    path = [min(waiting)]
    while (following := min(other for other in waiting[path[-1]] if other in waiting)) not in path:
        path.append(following)
    return [*path[path.index(following) :], following]
