"""What the README says about reading the tables without floe, run as it stands there.

Its snippets for DuckDB's extension and for Spark need more than is installed: ``testing.readers`` runs those.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testing.readers.jars import DIGESTS
from testing.readme import blocks, printed
from testing.sources import ROOT
from tests.demo import floe


@pytest.mark.xdist_group("demo")
@pytest.mark.requirement("FR-022", "TQR-014")
def test_pyiceberg_and_duckdb_read_the_tables_as_the_readme_says(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    floe("init", str(shop))
    floe("run", str(shop))

    with_pyiceberg, with_duckdb, *_ = blocks("Opening the lake", "python")

    assert printed([with_pyiceberg, with_duckdb], shop) == [
        """[{'name': "Niamh O'Brien", 'orders': 3}, {'name': 'Zoë Köhler', 'orders': 3}]""",
        "[('Boston', Decimal('129.00')), ('Bremen', Decimal('172.90')), ('Chur', Decimal('608.00')), "
        "('Cádiz', Decimal('0.00')), ('Dublin', Decimal('109.40')), ('Gdańsk', Decimal('119.90')), "
        "('Leeds', Decimal('149.00')), ('Lyon', Decimal('59.00'))]",
    ]


@pytest.mark.requirement("TQR-014")
def test_what_is_fetched_for_spark_is_what_the_readme_names() -> None:
    *_, with_spark = blocks("Opening the lake", "python")
    assert re.findall(r'"(\S+:\S+:\S+)"', with_spark) == list(DIGESTS)
    [pinned] = re.findall(r"^(pyspark==\S+)", (ROOT / "testing/readers/spark.txt").read_text(), re.MULTILINE)
    assert f"`pip install {pinned}`" in (ROOT / "README.md").read_text("utf-8")
