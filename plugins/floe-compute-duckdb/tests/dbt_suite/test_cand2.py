import importlib, pytest

pytestmark = pytest.mark.requirement("FR-020")
ROWS = [
    ("dbt_clone.test_dbt_clone", "BaseClonePossible"),
    ("dbt_clone.test_dbt_clone", "BaseCloneNotPossible"),
    ("dbt_clone.test_dbt_clone", "BaseCloneSameSourceAndTarget"),
    ("dbt_clone.test_dbt_clone", "BaseCloneSameTargetAndState"),
    ("dbt_debug.test_dbt_debug", "BaseDebugPostgres"),
    ("dbt_debug.test_dbt_debug", "BaseDebugInvalidProjectPostgres"),
    ("query_comment.test_query_comment", "BaseQueryComments"),
    ("query_comment.test_query_comment", "BaseMacroQueryComments"),
    ("query_comment.test_query_comment", "BaseMacroArgsQueryComments"),
    ("query_comment.test_query_comment", "BaseMacroInvalidQueryComments"),
    ("query_comment.test_query_comment", "BaseNullQueryComments"),
    ("query_comment.test_query_comment", "BaseEmptyQueryComments"),
]
for i, (m, n) in enumerate(ROWS):
    base = getattr(importlib.import_module("dbt.tests.adapter." + m), n)
    globals()["Test" + n.removeprefix("Base") + str(i)] = type(n, (base,), {})
del base
