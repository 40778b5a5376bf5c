"""Products to compile, written into a folder of the test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Files = Mapping[str, str | bytes]
Write = Callable[[Files], Path]
Install = Callable[[str, str, str], None]

SHOP: Files = {
    "floe.yaml": "metadata: {name: shop, owner: sales}\n",
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\n",
    "seeds/raw_orders.csv": "order_id,customer,amount\n1,ann,10\n2,bob,20\n3,ann,5\n",
    "models/staging/stg_orders.sql": (
        "select\n    order_id,\n    customer,\n    amount\nfrom {{ ref('raw_orders') }}\n"
    ),
    "models/marts/customers.sql": (
        "select customer, sum(amount) as total\nfrom {{ ref('stg_orders') }}\ngroup by customer\n"
    ),
    "models/schema.yml": (
        "models:\n"
        "  - name: customers\n"
        "    description: Who buys.\n"
        "    columns:\n"
        "      - {name: customer, description: The name., data_tests: [not_null]}\n"
    ),
}


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests of a process: dbt's saved parse is good where it was made only."""
    return tmp_path_factory.mktemp("desk") / "work"


@pytest.fixture
def write(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files into a folder, which is the working directory and empty at first, and returns it."""
    folder, parse = desk, desk / "target/floe/dbt/partial_parse.msgpack"
    if parse.exists():
        parse.rename(tmp_path / parse.name)
    shutil.rmtree(desk.parent)
    folder.mkdir(parents=True)
    if (tmp_path / parse.name).exists():
        parse.parent.mkdir(parents=True)
        (tmp_path / parse.name).rename(parse)
    monkeypatch.chdir(folder)

    def write_files(files: Files) -> Path:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write_files


@pytest.fixture
def shop(write: Write) -> Path:
    """A small product that compiles."""
    return write(SHOP)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution with one module and its entry points, as pip would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(distribution: str, entry_points: str, source: str) -> None:
        module = distribution.replace("-", "_")
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(entry_points)

    return write


@pytest.fixture
def mute(install: Install) -> None:
    """A secrets plugin ``mute`` that reports no spans."""
    install(
        "a-mute",
        "[floe.secrets]\nmute = a_mute:Mute\n",
        "from typing import ClassVar\n"
        "from floe_core.plugins import PluginMetadata, SecretsPlugin\n\n"
        "class Mute(SecretsPlugin):\n"
        "    metadata: ClassVar[PluginMetadata] = PluginMetadata(name='mute', version='1.2')\n",
    )
