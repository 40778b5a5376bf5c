"""Three products that run at once share what DuckDB may use, and take back what others leave."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from floe_core.compiler import compile_floe_spec
from testing.shop import Shop, written

PRODUCTS = ("bakery", "cafe", "dairy")
LIMITS = (
    "-- depends_on: {{{{ ref('{after}') }}}}\n"
    "select current_setting('memory_limit') as memory, current_setting('threads')::int as cores"
)
# an engine looks around a few times a second: what is waited for must have been so for as long
WAITING = """
import time
from pathlib import Path
from threading import Event

def model(dbt, session):
    {after}
    Path({here!r}).touch()
    deadline = time.monotonic() + 240
    since = None
    while since is None or time.monotonic() < since + 0.5:
        assert time.monotonic() < deadline, "the others never came"
        Event().wait(0.05)
        since = (since or time.monotonic()) if ({condition}) else None
    return session.sql("select 1 as one")
"""


def files(product: str, platform: Path) -> Mapping[str, str]:
    """Limits are looked at once all are there, and by the first product again once the others have gone."""
    tmp, met = platform / ".floe" / "tmp", platform / "met"
    everybody = f"len(list(Path({str(tmp)!r}).glob('engine-*'))) == {{}}"
    looked = f"len(list(Path({str(met)!r}).glob('*-looked'))) == 3"

    def waiting(mark: str, condition: str, after: str | None = None) -> str:
        ref = f"dbt.ref({after!r})" if after else "pass"
        return WAITING.format(here=str(met / f"{product}-{mark}"), condition=condition, after=ref)

    found = {
        "floe.yaml": f"metadata: {{name: {product}}}\n",
        "dbt_project.yml": f"name: {product}\nversion: '1.0'\nprofile: {product}\n",
        "models/met.py": waiting("there", everybody.format(3)),
        "models/shared.sql": LIMITS.format(after="met"),
        "models/held.py": waiting("looked", looked, "shared"),
    }
    if product == PRODUCTS[0]:
        found["models/left.py"] = waiting("alone", everybody.format(1), "held")
        found["models/whole.sql"] = LIMITS.format(after="left")
    return found


@pytest.mark.slow
@pytest.mark.requirement("FR-022", "FR-093")
def test_three_running_products_have_a_third_each_and_the_last_has_everything(tmp_path: Path) -> None:
    (tmp_path / "met").mkdir()
    (tmp_path / "manifest.yaml").write_text(
        "metadata: {name: market}\nplugins: {compute: {type: duckdb, config: {memoryLimit: 3GB, cores: 6}}}\n"
    )
    shops = [
        written(Shop(tmp_path / name, name, platform=tmp_path), files(name, tmp_path)) for name in PRODUCTS
    ]
    for shop in shops:
        compile_floe_spec(shop.home)

    running = [
        subprocess.Popen(
            [sys.executable, "-m", "floe_core.cli", "run"],
            cwd=shop.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for shop in shops
    ]
    said = [process.communicate(timeout=500)[0] for process in running]

    assert [process.returncode for process in running] == [0, 0, 0], said
    for shop in shops:
        assert shop.published()["shared"][1] == [{"memory": "953.6 MiB", "cores": 2}]
    assert shops[0].published()["whole"][1] == [{"memory": "2.7 GiB", "cores": 6}]
    assert list((tmp_path / ".floe" / "tmp").iterdir()) == []
