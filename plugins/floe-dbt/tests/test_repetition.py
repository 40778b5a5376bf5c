"""What is spared of dbt's work changes nothing that dbt says."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.artifacts.resources import ModelConfig, SourceConfig
from dbt_common.dataclass_schema import ValidationError, dbtClassMixin
from dbt_common.exceptions import CompilationError, base

from floe_dbt.repetition import without_repetition


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What dbt's schema has been asked about, from now on."""
    asked: list[Any] = []
    original = dbtClassMixin.__dict__["validate"].__func__

    def validate(cls: type, data: Any) -> None:
        asked.append((cls, data))
        original(cls, data)

    monkeypatch.setattr(dbtClassMixin, "validate", classmethod(validate))
    return asked


@pytest.mark.requirement("FR-010")
def test_the_same_configuration_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = {"enabled": True}, {"enabled": False}
    asked = looked_at(monkeypatch)

    with without_repetition():
        for data in (one, dict(one), other, one):
            ModelConfig.validate(data)
        SourceConfig.validate(one)

    assert asked == [(ModelConfig, one), (ModelConfig, other), (SourceConfig, one)]


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize("like", [{"enabled": 1}, {"enabled": "true"}, {"enabled": [True]}])
def test_a_wrong_configuration_is_refused_each_time(like: dict[str, Any]) -> None:
    with without_repetition():
        ModelConfig.validate({"enabled": True})
        for _ in range(2):
            with pytest.raises(ValidationError):
                ModelConfig.validate(like)


@pytest.mark.requirement("FR-010")
def test_secrets_of_the_environment_stay_out_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_TOKEN", "tomato")
    monkeypatch.setenv("DBT_ENV_SECRET_EMPTY", " ")

    with without_repetition():
        told = [CompilationError(f"no {word} here").msg for word in ("tomato", "potato")]

    assert told == ["no ***** here", "no potato here"]


@pytest.mark.requirement("FR-010")
def test_dbt_is_as_it_was_afterwards() -> None:
    before = (base.env_secrets, dbtClassMixin.__dict__["validate"])

    with pytest.raises(KeyError), without_repetition():
        raise KeyError

    assert (base.env_secrets, dbtClassMixin.__dict__["validate"]) == before
