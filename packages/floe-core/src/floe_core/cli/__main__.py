"""``python -m floe_core.cli`` is ``floe``."""

from floe_core.cli import main

main()
