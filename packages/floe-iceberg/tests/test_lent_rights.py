"""Rights that a catalog lends for a while: renewed in time, and no one else's are used in their place."""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import pytest

from floe_iceberg import rights
from testing.lake import Lake, identity
from testing.legs import Leg, VendedLeg
from testing.polling import wait_for
from testing.services.vendor import SECRET_LENT, Vendor

pytestmark = pytest.mark.lent
_BRIEFLY_S = 1.5


@pytest.fixture
def vendor(leg: Leg, lake: Lake) -> Iterator[Vendor]:
    """Lends for a moment more than floe wants rights to be good for."""
    assert isinstance(leg, VendedLeg)
    vendor = leg.vendor
    lake.publish("base", "t", "select 1 as id")
    vendor.revoke()
    vendor.lifetime_s, vendor.fresh_s = rights.MARGIN_S + _BRIEFLY_S, 0
    yield vendor
    vendor.lifetime_s, vendor.fresh_s = 90, 20


def let_expire(vendor: Vendor) -> None:
    """Wait until floe must take what it has for expired; then let it be worth nothing."""
    later = time.monotonic() + _BRIEFLY_S
    wait_for(lambda: time.monotonic() > later)
    vendor.revoke()


@pytest.mark.requirement("FR-022", "FR-027")
def test_rights_that_expire_in_the_middle_of_a_run_are_renewed(lake: Lake, vendor: Vendor) -> None:
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as id", "append")
        lake.write(run, "new", "select 3 as id")
        let_expire(vendor)
        assert lake.rows("t", run) == [(1,), (2,)]
        let_expire(vendor)
        lake.write(run, "t", "select 4 as id union all select 2", "merge", unique_key=["id"])
        let_expire(vendor)
        lake.write(run, "new", "select 5 as id", "append")
        let_expire(vendor)
        run.publish()
    assert lake.plain_rows("t") == [(1,), (2,), (4,)]
    assert lake.rows("new") == lake.plain_rows("new") == [(3,), (5,)]


@pytest.mark.requirement("FR-022")
def test_a_client_that_keeps_its_rights_is_refused_when_they_are_over(lake: Lake, vendor: Vendor) -> None:
    """The naive way: PyIceberg's table and DuckDB's secret stay as they were lent."""
    table = lake.table("t")
    rows = table.scan().to_arrow()
    sql = lake.manager.scan_sql(lake.id("t")) or ""
    lake.manager.authorize(lake.con)
    assert lake.con.execute(sql).fetchall() == [(1,)]
    let_expire(vendor)
    with pytest.raises(OSError, match="INVALID_ACCESS_KEY_ID"):
        table.append(rows)
    with pytest.raises(duckdb.HTTPException, match="403"):
        lake.con.execute(sql).fetchall()
    lake.manager.authorize(lake.con)
    assert lake.con.execute(sql).fetchall() == [(1,)]


@pytest.mark.requirement("FR-032")
def test_where_rights_are_lent_for_tables_alone_nothing_beside_them_is_looked_at(
    lake: Lake, vendor: Vendor
) -> None:
    assert lake.manager.catalog.home("shop") is None


@pytest.mark.requirement("FR-022", "FR-065")
def test_what_lies_outside_of_all_tables_is_refused_by_our_store_and_asked_of_no_other(
    lake: Lake, vendor: Vendor
) -> None:
    lake.manager.authorize(lake.con)
    lake.rows("t")
    with pytest.raises(duckdb.HTTPException, match=r"elsewhere/x\.parquet.*404 Not Found"):
        lake.con.execute("select * from read_parquet('s3://elsewhere/x.parquet')")
    found = lake.con.execute("select name, scope, secret_string from duckdb_secrets()").fetchall()
    assert sorted(len(scope) for _, scope, _ in found) == [1, 3]
    assert SECRET_LENT not in repr(found)
