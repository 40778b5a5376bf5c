"""Waiting for a condition."""

from __future__ import annotations

import pytest

from testing.integration import IntegrationTestBase
from testing.polling import wait_for


@pytest.mark.requirement("NF-8")
def test_waiting_returns_the_first_true_answer() -> None:
    answers = iter([0, None, "", "done", "later"])
    assert wait_for(lambda: next(answers), interval_s=0) == "done"


@pytest.mark.requirement("NF-8")
def test_waiting_ends_with_the_name_of_what_never_came_true() -> None:
    def the_server_answers() -> bool:
        return False

    with pytest.raises(TimeoutError, match=r"the_server_answers' did not come true within 0 s"):
        wait_for(the_server_answers, timeout_s=0, interval_s=0)


@pytest.mark.requirement("FR-093")
class TestNamespaces(IntegrationTestBase):
    def test_two_tests_never_share_a_namespace(self) -> None:
        names = {self.generate_unique_namespace("orders") for _ in range(100)}
        assert len(names) == 100
        assert {name[:7] for name in names} == {"orders_"}
