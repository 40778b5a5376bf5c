"""The adapter: relations are looked up in the catalog, and written by the run's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dbt.adapters.base import BaseRelation, available
from dbt.adapters.contracts.relation import RelationType
from dbt.adapters.floe.catalog import Listed, Wanted, catalog
from dbt.adapters.floe.contract import Contracts
from dbt.adapters.floe.seeds import SeedProblem, check, misnamed, seed_select
from dbt.adapters.floe.writes import LakeWrites
from dbt_common.exceptions import DbtRuntimeError

from floe_compute_duckdb.unsupported import unsupported
from floe_core.inlined_views import InlinedView

if TYPE_CHECKING:
    import agate  # type: ignore[import-untyped]


class FloeAdapter(LakeWrites, Contracts):
    """dbt-duckdb, with the lake in the place of DuckDB's tables."""

    @classmethod
    def type(cls) -> str:
        return "floe"

    @available
    def floe_catalog(self, schemas: Sequence[str], relations: Sequence[BaseRelation]) -> agate.Table:
        """The tables of the schemas, and those of the relations, as 'dbt docs' wants them."""
        wanted = [Wanted(schema) for schema in schemas]
        wanted += [Wanted(relation.schema or "", relation.identifier) for relation in relations]
        database = self.config.credentials.database
        return catalog(self._tables, self.connections.access, database, wanted, self._listed_views)

    def _listed_views(self, wanted: Wanted) -> Iterator[Listed]:
        for view in self._inlined(wanted.schema, wanted.name):
            relation = self._relation(view.schema, view.name, RelationType.View)
            columns = [(column.name, column.dtype, None) for column in self.get_columns_in_relation(relation)]
            yield Listed(view.name, "VIEW", None, columns)

    @available
    def floe_unsupported(self, model: Mapping[str, Any]) -> str | None:
        """Why a node cannot be materialized, if it cannot."""
        config = model["config"]
        return unsupported(
            model["resource_type"], model.get("language", "sql"), config["materialized"], config
        )

    # --- views that stay queries ---

    @available
    def floe_is_inlined(self, relation: BaseRelation) -> bool:
        """Whether a view stays a query: floe compile has said so."""
        return bool(self._inlined(relation.schema or "", relation.identifier))

    @available
    def floe_inline(self, relation: BaseRelation, sql: str) -> None:
        """Let whoever reads the view have this query; binds it and writes nothing."""
        view = InlinedView(relation.schema or "", relation.identifier or "", sql)
        with self.connections.exception_handler(sql):
            self.connections.floe().define(self.connections.cursor(), view)

    # --- seeds ---

    @available
    def floe_seed_columns(
        self, agate_table: agate.Table, column_types: Mapping[str, str], quote_columns: bool | None
    ) -> list[tuple[str, str]]:
        """The columns of a seed's table, with the types that dbt-duckdb would give them."""
        columns = [
            (name, column_types.get(name) or self.convert_type(agate_table, index))
            for index, name in enumerate(agate_table.column_names)
        ]
        if quote_columns is False and (problem := misnamed(columns)):
            raise DbtRuntimeError(problem)
        return columns

    @available
    def floe_seed_select(self, path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> str:
        """The SELECT that reads a seed's file, every column typed."""
        return seed_select(path, columns, delimiter)

    def check_seed(
        self,
        path: str,
        columns: Sequence[tuple[str, str]],
        delimiter: str,
        quote_columns: bool | None = None,
    ) -> SeedProblem | None:
        """Read the file as a run would; what is wrong with it and in which line, or None."""
        if quote_columns is False and (problem := misnamed(columns)):
            return SeedProblem(problem, 1)
        return check(path, columns, delimiter)
