"""DuckDB's secrets for a store, when threads that share one DuckDB need them at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import duckdb
import pytest

from floe_iceberg.access import authorize
from floe_iceberg.rights import Rights

STORE = {
    "s3.endpoint": "http://127.0.0.1:9",
    "s3.access-key-id": "own",
    "s3.secret-access-key": "s",
    "s3.region": "eu-central-1",
}
THREADS, TURNS = 8, 6


@pytest.mark.requirement("FR-022")
def test_threads_are_let_at_the_store_at_once_and_none_takes_anothers_rights_away() -> None:
    con = duckdb.connect()
    lent: dict[str, Rights] = {}
    together = Barrier(THREADS, timeout=120)  # who fails keeps nobody waiting

    def work(number: int) -> list[str]:
        kept = []
        with con.cursor() as cursor:
            for turn in range(TURNS):
                location = f"s3://lake/t{number}-{turn}"
                together.wait()
                lent[location] = Rights(location, {**STORE, "s3.access-key-id": location}, dict)
                authorize(cursor, STORE, lambda: list(lent.values()))
                kept += cursor.execute(f"SELECT name FROM which_secret('{location}/x', 's3')").fetchall()
        return [name for (name,) in kept]

    with ThreadPoolExecutor(THREADS) as pool:
        used = [name for names in pool.map(work, range(THREADS)) for name in names]

    scopes = con.execute("SELECT scope[1] FROM duckdb_secrets() WHERE len(scope) = 1").fetchall()
    assert sorted(scope for (scope,) in scopes) == sorted(f"{location}/" for location in lent)
    assert len(set(used)) == THREADS * TURNS
