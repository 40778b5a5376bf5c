"""Who reads a column: the models whose SQL names it, in any product of the platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from floe_core.schemas.artifacts import CompiledArtifacts, Transform


@dataclass(frozen=True, order=True)
class Reader:
    """A model, and its columns that the column gets into; none where it only decides about rows."""

    product: str
    model: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.columns:
            return f"{self.product}.{self.model}"
        names = self.columns[0] if len(self.columns) == 1 else f"{{{', '.join(self.columns)}}}"
        return f"{self.product}.{self.model}.{names}"


class Readers:
    """What every model reads, by dataset and column."""

    def __init__(self, artifacts: Iterable[CompiledArtifacts]) -> None:
        self._of: defaultdict[tuple[str, str], dict[tuple[str, str], set[str]]] = defaultdict(dict)
        self._tables: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._whole: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for product in artifacts:
            datasets = _datasets(product)
            for model in product.transforms:
                self._add(product.metadata.product_name, model, datasets)

    def of(self, dataset: str, column: str) -> tuple[Reader, ...]:
        """The readers of a column; a model of which nobody knows what it reads is one of every column."""
        found = dict(self._of.get((dataset, column.casefold()), {}))
        for whole in self._whole.get(dataset, ()):
            found.setdefault(whole, set())
        return tuple(
            sorted(
                Reader(product, model, tuple(sorted(columns))) for (product, model), columns in found.items()
            )
        )

    def of_table(self, dataset: str) -> tuple[Reader, ...]:
        """The models that read anything of it."""
        models = self._tables.get(dataset, set()) | self._whole.get(dataset, set())
        return tuple(sorted(Reader(*model) for model in models))

    def _add(self, product: str, model: Transform, datasets: dict[str, str]) -> None:
        me = (product, model.name)
        for dataset, column, into in _reads(model):
            names = self._of[(dataset, column.casefold())].setdefault(me, set())
            if into is not None:
                names.add(into)
        for parent in model.depends_on:
            if parent in datasets:
                (self._whole if model.proof == "deferred" else self._tables)[datasets[parent]].add(me)


def _reads(model: Transform) -> Iterator[tuple[str, str, str | None]]:
    for column in model.columns:
        for each in column.inputs:
            yield each.dataset, each.column, column.name
    for each in model.row_inputs:
        yield each.dataset, each.column, None
    for read in model.other_reads:
        yield read.dataset, read.column, None


def _datasets(product: CompiledArtifacts) -> dict[str, str]:
    """The dataset of each table a product knows, by unique id."""
    return {node.unique_id: f"{node.namespace}.{node.table}" for node in (*product.nodes, *product.sources)}
