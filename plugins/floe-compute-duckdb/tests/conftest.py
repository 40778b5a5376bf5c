"""A dbt project for every test that asks for one."""

from testing.dbt_project import make_project, project, saved_parse

__all__ = ["make_project", "project", "saved_parse"]
