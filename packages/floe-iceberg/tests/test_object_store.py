"""Locations in an object store: what they name, and whose they are."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from floe_iceberg.object_store import ObjectId, is_object, object_id
from floe_iceberg.reachability import place_of
from floe_iceberg.sql import path_literal


@pytest.mark.requirement("FR-032")
@pytest.mark.parametrize(
    "location", ["s3://lake/shop/t/x.parquet", "s3a://lake/shop/t/x.parquet", "S3N://lake//shop/t//x.parquet"]
)
def test_an_object_is_the_same_however_its_location_is_spelled(location: str) -> None:
    assert object_id(location) == ObjectId("lake", "shop/t/x.parquet")
    assert is_object(location)


@pytest.mark.requirement("FR-032")
@pytest.mark.parametrize(
    "location",
    ["s3:/lake/x", "s3:///x", "gs://lake/x", "s3://lake/shop/../x", "/s3/lake/x", "file:///lake/x"],
)
def test_what_is_not_understood_is_no_object(location: str) -> None:
    assert object_id(location) is None


@pytest.mark.requirement("FR-032")
def test_a_place_in_a_store_lies_below_its_own_folder_and_no_other() -> None:
    table = place_of("s3://lake/shop/t")
    assert table == PurePosixPath("//lake/shop/t")
    beside = ["s3://lake/shop/t-but-longer/x", "s3://lake/shop", "s3://other/shop/t/x", "s3://lake/shop/t2"]
    assert [place for place in beside if (place_of(place) or PurePosixPath()).is_relative_to(table)] == []
    assert (place_of("s3a://lake/shop/t/data/x") or PurePosixPath()).is_relative_to(table)
    assert not PurePosixPath("/lake/shop/t/x").is_relative_to(table)


@pytest.mark.requirement("FR-022")
def test_keys_of_objects_are_no_patterns() -> None:
    assert path_literal("s3://lake/a[1]*/it's.parquet") == "'s3://lake/a[1]*/it''s.parquet'"
    assert path_literal("/lake/a[1]*.parquet") == "'/lake/a[[]1][*].parquet'"
