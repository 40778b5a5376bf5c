"""Measures everything and rewrites RESULTS.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks import (
    cli_start,
    compiling,
    dagster_cost,
    demo_time,
    engine,
    machine,
    nyc_flights,
    provenance,
    run_vs_dbt,
    telling,
)

_HERE = Path(__file__).parent

text = f"# What floe costs\n\n{machine.described(_HERE.parent)} Written by `make bench`.\n"
for measure in (
    cli_start.measure,
    run_vs_dbt.measure,
    dagster_cost.measure,
    engine.measure,
    nyc_flights.measure,
    compiling.measure,
    demo_time.measure,
    provenance.measure,
    telling.measure,
):
    section = str(measure())
    print(section, flush=True)
    text += f"\n{section}"
(_HERE / "RESULTS.md").write_text(text, encoding="utf-8")
