"""A product of six models in a row, whose fourth can be made to take for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from floe_core.ledger import Ledger
from testing.shop import Shop, written

MODELS = ("m1", "m2", "m3", "m4", "m5", "m6")
_GATED = """\
with gate as (select max(loops)::bigint as loops from read_csv('gate.csv')),
  turns as (select unnest(range((select loops from gate))) as i)
select id, amount + 1 as amount from {{ ref('m3') }}
where (select count(*) from turns a, turns b) >= 0
"""
_FILES = {
    "floe.yaml": "metadata: {name: line}\n",
    "dbt_project.yml": "name: line\nversion: '1.0'\nprofile: line\nmodels: {line: {+materialized: table}}\n",
    "models/m1.sql": "select i as id, i * 7 as amount from range(100) numbers(i)\n",
    **{
        f"models/m{n}.sql": f"select id, amount + 1 as amount from {{{{ ref('m{n - 1}') }}}}\n"
        for n in (2, 3, 5, 6)
    },
    "models/m4.sql": _GATED,
    "models/schema.yml": ("models:\n  - name: m4\n    columns: [{name: id, data_tests: [unique]}]\n"),
}


class ProductionLine(Shop):
    """Open at first: every model takes a moment."""

    def open(self) -> None:
        self.write("gate.csv", "loops\n1\n")

    def block(self) -> None:
        """Let the fourth model count for years."""
        self.write("gate.csv", "loops\n10000000\n")

    def slow_down(self) -> None:
        """Let the fourth model count for some seconds."""
        self.write("gate.csv", "loops\n70000\n")

    def break_test(self) -> None:
        self.write("models/m4.sql", _GATED.replace("select id,", "select 1 as id,"))

    def mend_test(self) -> None:
        self.write("models/m4.sql", _GATED)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """What readers see, sorted."""
        return {name: sorted(rows, key=lambda row: row["id"]) for name, (_, rows) in self.published().items()}

    def is_at_fourth(self) -> bool:
        """Whether the run that is going has done three models, and not the fourth."""
        ledger = Ledger(self.state_dir)
        going = [ledger.attempt(run.run_id, run.attempt) for run in ledger.running()]
        return any({model.name for model in run.models} == {"m1", "m2", "m3"} for run in going)

    def written_of(self, run_id: str) -> dict[str, int | None]:
        """The snapshot of each model, as the run's last attempt has it."""
        return {model.name: model.snapshot_id for model in Ledger(self.state_dir).newest(run_id).models}


def open_line(home: Path) -> ProductionLine:
    line = ProductionLine(home, "line")
    written(line, _FILES)
    line.open()
    return line
