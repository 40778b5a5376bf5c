"""The macros of dbt's adapter ``type: floe``."""

from pathlib import Path

PACKAGE_PATH = str(Path(__file__).parent)
