"""The demo, on a small platform of the same form."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from floe_core.cli.demo_platform import find_demo, write_demo
from floe_core.cli.output import Output
from floe_core.cli.templates import contents
from floe_core.errors import SpecError
from testing.command_line import CORNER_SHOP, Floe, write
from testing.golden import Golden
from testing.services.process import free_port

pytestmark = pytest.mark.xdist_group("cli")

DEMO = Path(__file__).parents[4] / "demo"
MAKE_SEEDS = """\
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--scale", choices=["small", "medium"], required=True)
rows = {"small": 2, "medium": 20}[parser.parse_args().scale]
seeds = pathlib.Path(__file__).parents[1] / "corner-shop" / "seeds"
seeds.mkdir(exist_ok=True)
lines = ["id,item,amount", *(f"{i},thing {i},{i}.50" for i in range(rows))]
(seeds / "raw_sales.csv").write_text("\\n".join(lines) + "\\n")
"""


@pytest.fixture
def demo(tmp_path: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo platform with one product, stood in."""
    folder = tmp_path / "demo"
    write(folder, {"manifest.yaml": "metadata: {name: demo}\n", "scripts/generate_seeds.py": MAKE_SEEDS})
    write(folder / "corner-shop", {name: text for name, text in CORNER_SHOP.items() if "seeds/" not in name})
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.requirement("FR-083", "FR-087")
def test_the_demo_writes_its_seeds_and_runs_every_product(floe: Floe, demo: Path, golden: Golden) -> None:
    golden("demo.txt", floe("demo", "--no-ui").text)
    larger = floe("demo", "--no-ui", "--scale", "medium", "--output", "json").document
    [product] = larger["products"]
    assert larger["urls"] == {}
    assert [(table["name"], table["rows"]) for table in product["tables"]] == [
        ("mart_total", 1),
        ("raw_sales", 20),
        ("stg_sales", 20),
    ]
    assert product == floe("status", "--output", "json").document["products"][0]


@pytest.mark.requirement("FR-087")
def test_a_product_that_fails_fails_the_demo(floe: Floe, demo: Path) -> None:
    write(demo / "corner-shop", {"models/marts/mart_total.sql": "select cast('x' as integer) as total\n"})
    assert floe("demo", "--no-ui").status == 1


@pytest.mark.requirement("FR-083")
def test_a_scale_that_cannot_be_made_is_told(floe: Floe, demo: Path) -> None:
    result = floe("demo", "--no-ui", "--scale", "large")
    assert (result.status, result.stderr.partition(": argument --scale")[0]) == (
        1,
        "FLOE-E015 the demo's seeds could not be written: generate_seeds.py: error",
    )


@pytest.mark.requirement("FR-087")
def test_elsewhere_the_demo_is_written_into_a_new_folder_and_found_again(tmp_path: Path) -> None:
    output = Output(json=True)
    assert find_demo(tmp_path) is None

    written = write_demo(tmp_path, output)

    assert written == find_demo(tmp_path) == find_demo(written / "customer-360/models")
    assert {str(path): content for path, content in contents(written)} == {
        str(path): content for path, content in contents(DEMO)
    }
    with pytest.raises(SpecError, match=r"README\.md' is there already"):
        write_demo(tmp_path, output)


@pytest.mark.requirement("FR-087")
def test_a_taken_port_is_told_before_anything_runs(floe: Floe, demo: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = floe("demo", "--port", str(port), "--output", "json")
    [problem] = result.document["problems"]
    assert (result.status, problem["code"], problem["message"], problem["hint"]) == (
        1,
        "FLOE-E503",
        f"port {port} is taken",
        f"choose another: --port {port + 1}",
    )
    assert floe("runs").stdout == "nothing has run here yet\n"


@pytest.mark.requirement("FR-087")
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # it shall be
def test_the_ui_is_left_running_until_it_is_stopped(floe: Floe, demo: Path) -> None:
    port = str(free_port())
    try:
        document = floe("demo", "--port", port, "--output", "json").document
        with urllib.request.urlopen(f"{document['urls']['dagster']}/server_info", timeout=120) as answer:
            served = json.load(answer)
    finally:
        stopped = floe("demo", "stop", "--output", "json").document
    assert document["urls"] == {"dagster": f"http://127.0.0.1:{port}"}
    assert "dagster_webserver_version" in served
    assert stopped == {"schema_version": "1", "stopped": True}
    assert floe("demo", "stop").stdout == "nothing of the demo was running\n"


@pytest.mark.requirement("FR-087")
def test_where_there_is_no_demo_there_is_none_to_stop(floe: Floe) -> None:
    result = floe("demo", "stop")
    assert (result.status, result.stderr) == (
        2,
        "FLOE-E014 no demo platform here\n  hint: go to its folder, floe demo stop\n",
    )
