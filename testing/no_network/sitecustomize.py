"""Python imports this at start-up, because its folder is on PYTHONPATH."""

import sys

import floe_offline  # type: ignore[import-not-found]  # beside this file

sys.addaudithook(floe_offline.refuse)
