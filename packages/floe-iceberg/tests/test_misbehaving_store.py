"""An S3 store that is full, read-only, gone or silent, for floe and for the catalog behind which it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from floe_core.errors import WorkError
from testing.lake import Lake, identity
from testing.legs import Leg, RestLeg
from testing.services.catalog import rest_server
from testing.services.faults import Fault, FaultProxy

pytestmark = pytest.mark.store
TROUBLES: dict[str, tuple[Fault, bytes]] = {
    "full": (507, b"<Error><Code>XMinioStorageFull</Code><Message>no space left</Message></Error>"),
    "read-only": (403, b"<Error><Code>AccessDenied</Code><Message>read-only</Message></Error>"),
    "gone": ("reset", b""),
    "silent": ("silence", b""),
}


@pytest.fixture(scope="module")
def proxied(leg: Leg, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RestLeg, FaultProxy]]:
    """The leg with a catalog of its own, that and floe having the store behind a proxy."""
    assert isinstance(leg, RestLeg)
    home = tmp_path_factory.mktemp("proxied")
    with FaultProxy(leg.store.port) as proxy:
        store = replace(leg.store, port=proxy.port)
        with rest_server(home, store) as server:
            yield RestLeg(server, store, patience=IMPATIENT), proxy


IMPATIENT = {
    "s3.connect-timeout": "1",
    "s3.request-timeout": "1",
    "floe.request-timeout-s": "10",
    "floe.patience-s": "10",
}


@pytest.fixture
def lake(proxied: tuple[RestLeg, FaultProxy], tmp_path: Path) -> Iterator[Lake]:
    leg, proxy = proxied
    lake = Lake(tmp_path / "lake", leg=leg)
    lake.publish("base", "t", "select 1 as id")
    yield lake
    proxy.heal()
    lake.close()


def fail(proxy: FaultProxy, trouble: str, part: str, methods: str = "PUT|POST") -> None:
    fault, body = TROUBLES[trouble]
    proxy.fail(methods, part, fault).body = body


@pytest.mark.requirement("FR-027", "FR-066")
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("part", [".parquet", ".avro"])
def test_a_store_that_takes_no_file_is_told_and_a_retry_does_what_is_left(
    lake: Lake, proxied: tuple[RestLeg, FaultProxy], trouble: str, part: str
) -> None:
    _, proxy = proxied
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "done", "select 1 as id")
        fail(proxy, trouble, part)
        with pytest.raises(WorkError, match="FLOE-E510 cannot write below 's3://warehouse/lake-") as told:
            lake.write(run, "t", "select 2 as id", "append")
        assert "floe-secret" not in str(told.value)
    proxy.heal()
    assert lake.plain_rows("t") == [(1,)]
    assert [table.name for table in lake.manager.tables()] == ["t"]
    with lake.manager.run(identity("r1", attempt=2), reuse=["model.shop.done"]) as run:
        lake.write(run, "t", "select 2 as id", "append")
        run.publish()
    assert lake.plain_rows("t") == [(1,), (2,)]
    assert lake.plain_rows("done") == [(1,)]


@pytest.mark.requirement("FR-027", "FR-066")
@pytest.mark.parametrize("trouble", ["full", "read-only", "gone"])
def test_a_catalog_that_cannot_write_its_metadata_is_told_and_nothing_has_moved(
    lake: Lake, proxied: tuple[RestLeg, FaultProxy], trouble: str
) -> None:
    _, proxy = proxied
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as id", "append")
        fail(proxy, trouble, ".metadata.json")
        with pytest.raises(WorkError, match=r"FLOE-E60[34] the catalog 'floe' (did not take|went away)"):
            run.publish()
    proxy.heal()
    assert lake.plain_rows("t") == [(1,)]
    with lake.manager.run(identity("r1", attempt=2), reuse=["model.shop.t"]) as run:
        run.publish()
    assert lake.plain_rows("t") == [(1,), (2,)]
    assert len(lake.table("t").metadata.snapshots) == 2


@pytest.mark.requirement("FR-027")
def test_a_store_that_stumbles_is_asked_again(lake: Lake, proxied: tuple[RestLeg, FaultProxy]) -> None:
    _, proxy = proxied
    for part in (".parquet", ".avro"):
        proxy.fail("PUT|POST", part, 503, times=1)
    lake.publish("r1", "t", "select 2 as id", "append")
    assert lake.plain_rows("t") == [(1,), (2,)]
