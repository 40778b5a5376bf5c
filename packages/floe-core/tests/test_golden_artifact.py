"""The demo's artifact: byte for byte what was reviewed, with the names that others use."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from floe_core.schemas.artifacts import CompiledArtifacts

DEMO = Path(__file__).parents[3] / "demo"
PROGRAM = (
    "import sys\n"
    "from floe_core.compiler import compile_floe_spec\n"
    "print(compile_floe_spec(sys.argv[1]).location.artifacts_path)\n"
)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The artifact of customer-360, compiled from a copy in a process of its own."""
    copy = tmp_path_factory.mktemp("demo")
    ignored = shutil.ignore_patterns("target", "logs", ".floe")
    shutil.copytree(DEMO / "customer-360", copy / "customer-360", ignore=ignored)
    shutil.copytree(DEMO / "macros", copy / "macros")
    shutil.copy(DEMO / "manifest.yaml", copy)
    product = copy / "customer-360"
    subprocess.run([sys.executable, "-c", PROGRAM, "."], cwd=product, check=True, stdout=subprocess.DEVNULL)
    return (product / "target/floe/compiled_artifacts.json").read_bytes()


@pytest.mark.requirement("FR-010", "FR-016")
def test_the_artifact_is_the_reviewed_one(artifact: bytes, golden: Any) -> None:
    golden("customer-360/compiled_artifacts.json", artifact)


@pytest.mark.requirement("FR-010", "FR-021", "FR-080", "FR-084", "TQR-004")
def test_the_artifact_has_the_names_others_use(artifact: bytes) -> None:
    artifacts = CompiledArtifacts.model_validate_json(artifact)
    assert artifacts.version == "0.5.0"
    assert artifacts.metadata.product_name == "customer-360"
    assert artifacts.plugins.orchestrator.type == "dagster"
    assert {model.name: model.layer for model in artifacts.transforms} == {
        "stg_crm_customers": "bronze",
        "stg_transactions": "bronze",
        "stg_support_tickets": "bronze",
        "int_customer_orders": "silver",
        "int_customer_support": "silver",
        "mart_customer_360": "gold",
    }
    assert {seed.name for seed in artifacts.seeds} == {
        "raw_customers",
        "raw_transactions",
        "raw_support_tickets",
    }
    assert {model.namespace for model in artifacts.transforms} == {"customer-360"}
    assert {seed.namespace for seed in artifacts.seeds} == {"customer-360"}
    assert {model.proof for model in artifacts.transforms} == {"bound"}
    assert artifacts.dagster.job_name == "customer_360"
    assert artifacts.enforcement_result.passed is True
    mart = next(model for model in artifacts.transforms if model.name == "mart_customer_360")
    assert {"customer_id", "total_orders"} <= {column.name for column in mart.columns}


@pytest.mark.requirement("FR-016", "FR-065")
def test_the_artifact_knows_nothing_of_the_machine(artifact: bytes) -> None:
    text = artifact.decode()
    assert json.loads(text)["metadata"]["dbt_project"] == "."
    for foreign in (str(DEMO), str(Path.home()), "/tmp", "invocation_id", "run_started_at", "select "):
        assert foreign not in text
