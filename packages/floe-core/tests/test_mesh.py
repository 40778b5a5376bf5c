"""A mesh of 12 products with 400 models: who reads a column is exactly who was written to read it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from floe_core.compatibility.readers import Reader, Readers
from floe_core.compilation.release import platform_artifacts
from floe_core.compiler import compile_floe_spec, compile_product
from floe_core.errors import IncompatibleChange
from floe_core.location import locate

PRODUCTS = 12
MODELS = 400
COLUMNS = ("id", "city", "amount", "day", "kind")


@dataclass
class Model:
    """A model as it was made up: its columns, and which columns of which tables get into them."""

    product: str
    name: str
    sql: str
    columns: dict[str, set[tuple[str, str]]]
    decides: set[tuple[str, str]] = field(default_factory=set)

    @property
    def dataset(self) -> str:
        return f"{self.product}.{self.name}"


class Mesh:
    """Makes up products; each reads its own models and those of products before it."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.models: list[Model] = []

    def grow(self) -> None:
        roots = ", ".join(f"{number} as {name}" for number, name in enumerate(COLUMNS))
        for number in range(PRODUCTS):
            product = f"p{number:02}"
            count = MODELS // PRODUCTS + (1 if number < MODELS % PRODUCTS else 0)
            for place in range(count):
                name = f"m{number:02}_{place:02}"
                if number == 0 and place < 4:
                    self.models.append(Model(product, name, f"select {roots}", {c: set() for c in COLUMNS}))
                else:
                    self.models.append(self._model(product, name))

    def _model(self, product: str, name: str) -> Model:
        one = self._dice.choice(self.models)
        form = self._dice.choice(["some", "all", "grouped", "imported", "joined"])
        keys = list(one.columns)
        chosen = self._dice.sample(keys, self._dice.randrange(1, len(keys) + 1))
        read = {key: {(one.dataset, key)} for key in chosen}
        table, names = self._named(product, one), ", ".join(chosen)
        if form == "all":
            return Model(product, name, f"select * from {table}", {key: {(one.dataset, key)} for key in keys})
        if form == "grouped":
            by = chosen[0]
            sql = f"select {by}, count(*) as {by}_n from {table} where {chosen[-1]} > 0 group by {by}"
            decides = {(one.dataset, by), (one.dataset, chosen[-1])}
            return Model(product, name, sql, {by: {(one.dataset, by)}, f"{by}_n": set()}, decides)
        if form == "imported":
            return Model(product, name, f"with src as (select * from {table}) select {names} from src", read)
        if form == "joined":
            other = self._dice.choice(self.models)
            key, theirs = chosen[0], self._dice.choice(list(other.columns))
            sql = (
                f"select {', '.join(f'a.{each}' for each in chosen)} from {table} as a "
                f"left join {self._named(product, other)} as b on a.{key} = b.{theirs}"
            )
            return Model(product, name, sql, read, {(one.dataset, key), (other.dataset, theirs)})
        return Model(product, name, f"select {names} from {table}", read)

    def _named(self, product: str, model: Model) -> str:
        call = f"ref('{model.name}')"
        if model.product != product:
            call = f"source('{model.product}', '{model.name}')"
        return f"{{{{ {call} }}}}"

    def readers(self, dataset: str, column: str) -> tuple[Reader, ...]:
        """The oracle: what was written down while the models were made up."""
        found = []
        for model in self.models:
            into = sorted(name for name, reads in model.columns.items() if (dataset, column) in reads)
            if into or (dataset, column) in model.decides:
                found.append(Reader(model.product, model.name, tuple(into)))
        return tuple(sorted(found))

    def write(self, folder: Path) -> None:
        (folder / "manifest.yaml").write_text("metadata: {name: mesh}\n")
        for product in sorted({model.product for model in self.models}):
            home = folder / product
            (home / "models").mkdir(parents=True)
            (home / "floe.yaml").write_text(f"metadata: {{name: {product}, version: 1.0.0, owner: team}}\n")
            (home / "dbt_project.yml").write_text(f"name: {product}\nprofile: {product}\n")
            for model in self.models:
                if model.product == product:
                    (home / "models" / f"{model.name}.sql").write_text(model.sql + "\n")
            (home / "models" / "sources.yml").write_text(self._sources(product))

    def _sources(self, product: str) -> str:
        lines = ["sources:"]
        for other in sorted({model.product for model in self.models if model.product < product}):
            lines += [f"  - name: {other}", "    tables:"]
            lines += [f"      - name: {model.name}" for model in self.models if model.product == other]
        return "\n".join(lines) + "\n" if lines[1:] else "sources: []\n"


@pytest.mark.slow
@pytest.mark.requirement("FR-094")
def test_a_dropped_column_names_exactly_its_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = Mesh(seed=94)
    mesh.grow()
    mesh.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    for number in range(PRODUCTS):
        compile_floe_spec(tmp_path / f"p{number:02}")

    compiled, uncompiled = platform_artifacts(tmp_path)
    assert uncompiled == []
    readers = Readers(compiled)
    told = {(m.dataset, c): readers.of(m.dataset, c) for m in mesh.models for c in m.columns}
    assert told == {(m.dataset, c): mesh.readers(m.dataset, c) for m in mesh.models for c in m.columns}
    assert len(mesh.models) == MODELS

    def elsewhere(model: Model, column: str) -> list[Reader]:
        return [each for each in mesh.readers(model.dataset, column) if each.product != "p00"]

    released = tmp_path / "released.json"
    released.write_bytes((tmp_path / "p00/target/floe/compiled_artifacts.json").read_bytes())
    own = [(model, each) for model in mesh.models if model.product == "p00" for each in model.columns]
    source, column = max((at for at in own if at[1] in COLUMNS), key=lambda at: len(elsewhere(*at)))
    for model in mesh.models:  # within the product nobody reads it any more, or it would not bind
        if model.product == "p00":
            left = [name for name in model.columns if (model, name) != (source, column)]
            kept = ", ".join(f"{number} as {name}" for number, name in enumerate(left))
            (tmp_path / "p00/models" / f"{model.name}.sql").write_text(f"select {kept}\n")
    with pytest.raises(IncompatibleChange) as refused:
        compile_product(locate(tmp_path / "p00"), against=released)

    told_of = [each.message for each in refused.value.problems if f"'{source.name}.{column}'" in each.message]
    names = ", ".join(str(each) for each in elsewhere(source, column))
    assert told_of == [f"column '{source.name}.{column}' is dropped, it was INTEGER; read by {names}"]
    assert len(elsewhere(source, column)) >= 3
