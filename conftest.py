"""Loads the workshop's pytest plugin for every test of the workspace."""

pytest_plugins = ["testing.plugin"]
