"""The local log is one file that does not grow for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from floe_core.telemetry import LogLine, Resource
from floe_local.log_file import LogFileExporter


def lines(state_dir: Path, text: str, count: int) -> list[LogLine]:
    resource = Resource("shop", "dev", "p", "1.0.0", state_dir)
    return [LogLine(number, "info", "floe.run", text, resource) for number in range(count)]


@pytest.mark.requirement("FR-045")
def test_lines_are_appended_and_old_ones_make_room(tmp_path: Path) -> None:
    exporter, logs = LogFileExporter(tmp_path), tmp_path / "logs"
    exporter.export(lines(tmp_path, "first", 2), 1)
    told = (logs / "floe.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in told] == ["first", "first"]
    for number in range(5):
        exporter.export(lines(tmp_path, f"{number}" * 1_000_000, 11), 1)
    assert sorted(path.name for path in logs.iterdir()) == ["floe.jsonl.1", "floe.jsonl.2", "floe.jsonl.3"]
    newest = (logs / "floe.jsonl.1").read_text().splitlines()
    assert (len(newest), json.loads(newest[0])["event"][:3]) == (11, "444")
