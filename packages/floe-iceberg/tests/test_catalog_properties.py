"""Opening a catalog: which kinds there are, and that its secrets are shown to nobody."""

from __future__ import annotations

import traceback

import pytest
from pydantic import SecretStr

from floe_core.errors import PluginError, ServiceError
from floe_iceberg import IcebergTableManager
from floe_iceberg.properties import revealed, shareable
from testing.services.process import closed_port

HIDDEN = "hidden-4711"


@pytest.mark.requirement("FR-065", "FR-066")
def test_what_is_shown_of_a_catalog_opens_it_for_those_who_have_credentials() -> None:
    properties: dict[str, str | SecretStr] = {
        "type": "sql",
        "uri": f"postgresql://floe:{HIDDEN}@db:5432/lake",
        "warehouse": "s3://warehouse",
        "s3.endpoint": "http://store:9000",
        "s3.access-key-id": HIDDEN,
        "s3.secret-access-key": SecretStr(HIDDEN),
        "token": HIDDEN,
        "region": SecretStr(HIDDEN),
    }
    assert shareable(properties) == {
        "type": "sql",
        "uri": "postgresql://floe@db:5432/lake",
        "warehouse": "s3://warehouse",
        "s3.endpoint": "http://store:9000",
    }
    assert revealed(properties)["s3.secret-access-key"] == HIDDEN
    assert shareable({"uri": "sqlite:////data/catalog.db"}) == {"uri": "sqlite:////data/catalog.db"}
    assert shareable({"uri": "http://catalog:8181/api"}) == {"uri": "http://catalog:8181/api"}


@pytest.mark.requirement("FR-065", "FR-066")
@pytest.mark.parametrize(
    ("properties", "told"),
    [
        (
            {"type": "rest", "uri": "http://127.0.0.1:{port}", "floe.patience-s": "0.1"},
            "the catalog 'floe' cannot be reached: connection refused",
        ),
        (
            {"type": "sql", "uri": f"postgresql://floe:{HIDDEN}@127.0.0.1:{{port}}/lake"},
            "the catalog 'floe' does not answer as a catalog: .*[Cc]onnection refused",
        ),
    ],
)
def test_a_catalog_that_is_not_there_is_told_without_its_secrets(
    properties: dict[str, str], told: str
) -> None:
    with closed_port() as port:
        there = {name: value.format(port=port) for name, value in properties.items()}
        with pytest.raises(ServiceError, match=told) as error:
            IcebergTableManager.open("floe", {**there, "token": SecretStr(HIDDEN)})
    assert HIDDEN not in "".join(traceback.format_exception(error.value))


@pytest.mark.requirement("FR-054")
@pytest.mark.parametrize(
    ("properties", "kind"),
    [({"type": "hive", "uri": ""}, "hive"), ({"uri": "mysql://db/lake"}, "sql in mysql")],
)
def test_a_kind_of_catalog_that_floe_has_no_commits_for_is_refused(
    properties: dict[str, str], kind: str
) -> None:
    with pytest.raises(PluginError, match=f"catalogs of the type '{kind}' are not supported"):
        IcebergTableManager.open("floe", properties)
