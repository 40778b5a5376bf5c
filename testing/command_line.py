"""floe called in this process, with what it printed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner

from floe_core.cli.program import program


@dataclass(frozen=True)
class Result:
    """What one call gave."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    @property
    def text(self) -> str:
        """Both outputs and the status, with what differs from run to run blotted out."""
        parts = [("", self.stdout), ("--- standard error\n", self.stderr)]
        text = "".join(head + blotted(part) for head, part in parts if part)
        return f"{text}--- exit status {self.status}\n"


class Floe(Protocol):
    def __call__(self, *arguments: str, stdin: str | None = None) -> Result: ...


def blotted(text: str) -> str:
    """The text with times, ids, digests and column widths replaced by what they are."""
    for pattern, stands_for in {
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z": "<time>",
        r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "<run id>",
        r"(?<=run )[0-9a-f]{8}\b": "<run id>",
        r"(?m)^[0-9a-f]{8}(?=  )": "<run id>",
        r"(?<=digest )[0-9a-f]{8}\b": "<digest>",
        r" *\d+\.\d+ s\b": " <seconds>",
        r"\b\d{15,19}\b": "<snapshot>",
        r"(?m)^ *-+(  -+)+$": "<rule>",
    }.items():
        text = re.sub(pattern, stands_for, text)
    return text


def floe(*arguments: str, stdin: str | None = None) -> Result:
    done = CliRunner().invoke(program, list(arguments), input=stdin)
    return Result(done.exit_code, done.stdout, done.stderr)


# a chain, so that nothing runs beside anything else and every output has one order
CORNER_SHOP = {
    "floe.yaml": "metadata: {name: corner-shop, version: 1.2.0, owner: till}\n",
    "dbt_project.yml": "name: corner_shop\nversion: '1.0'\nprofile: corner_shop\n",
    "seeds/raw_sales.csv": 'id,item,amount\n1,Zopf,10.50\n2,"Bread, dark",4.20\n3,Brötli,\n',
    "models/staging/stg_sales.sql": (
        "select id, item, cast(amount as decimal(9, 2)) as amount from {{ ref('raw_sales') }}\n"
    ),
    "models/marts/mart_total.sql": "select sum(amount) as total from {{ ref('stg_sales') }}\n",
    "models/schema.yml": (
        "models:\n"
        "  - name: stg_sales\n    columns:\n"
        "      - {name: id, data_tests: [unique]}\n"
        "      - {name: amount, data_tests: [{not_null: {config: {severity: warn}}}]}\n"
    ),
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@dataclass(frozen=True)
class Ran:
    """A product and what ``floe run`` said when it ran it for the first time."""

    folder: Path
    first: Result
