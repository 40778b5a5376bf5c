"""Policies are enforced while compiling, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.compiler import compile_floe_spec
from floe_core.errors import PolicyError

Write = Callable[[Mapping[str, str]], Path]

PLATFORM = "metadata: {name: p}\nplugins: {secrets: {type: mute}}\n"


@pytest.mark.requirement("WU-6")
@pytest.mark.usefixtures("mute")
def test_at_the_default_level_findings_are_warnings_with_their_places(shop: Path, write: Write) -> None:
    write({"manifest.yaml": PLATFORM, "floe.yaml": "metadata:\n  name: shop\n"})
    compilation = compile_floe_spec(shop)
    told = {str(warning).splitlines()[0] for warning in compilation.warnings}
    assert told == {
        "manifest.yaml:2:27: FLOE-E301 secrets plugin 'mute' reports no spans",
        "floe.yaml:1:1: FLOE-E302 product 'shop' has no owner",
        "models/marts/customers.sql:2:13: FLOE-E304 model 'customers' is gold and reads"
        " model 'stg_orders', which is bronze",
    }
    assert {warning.severity for warning in compilation.warnings} == {"warning"}
    result = compilation.artifacts.enforcement_result
    assert (result.passed, result.error_count, result.warning_count) == (True, 0, len(compilation.warnings))
    assert result.policy_types_checked == ["layers", "ownership", "plugin_instrumentation"]
    assert result.enforcement_level == "warn"
    assert compile_floe_spec(shop).warnings == compilation.warnings


@pytest.mark.requirement("WU-6")
@pytest.mark.usefixtures("mute")
def test_at_level_off_nothing_is_checked_and_the_artifact_says_so(shop: Path, write: Write) -> None:
    write(
        {"manifest.yaml": f"{PLATFORM}governance: {{level: off}}\n", "floe.yaml": "metadata: {name: shop}\n"}
    )
    compilation = compile_floe_spec(shop)
    assert compilation.warnings == ()
    assert compilation.artifacts.enforcement_result.model_dump() == {
        "passed": True,
        "error_count": 0,
        "warning_count": 0,
        "policy_types_checked": [],
        "enforcement_level": "off",
    }


@pytest.mark.requirement("WU-6")
@pytest.mark.usefixtures("mute")
def test_at_level_strict_the_same_findings_refuse_the_product(shop: Path, write: Write) -> None:
    write({"manifest.yaml": f"{PLATFORM}governance: {{level: strict}}\n"})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    assert raised.value.exit_status == 3
    assert {problem.severity for problem in raised.value.problems} == {"error"}
    assert "FLOE-E301" in {problem.code for problem in raised.value.problems}
    assert not (shop / "target/floe/compiled_artifacts.json").exists()
