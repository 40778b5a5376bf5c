"""Services as plain processes on loopback: PostgreSQL, an S3 store, Iceberg's reference REST catalog."""

EMBEDDED = "sqlite"
LEGS = (EMBEDDED, "postgres", "rest", "vended")
"""What the suite of the engine runs on: ``pytest --leg=NAME``."""
_REMOTE = ("embedded", "disk")
NOT_OF = {EMBEDDED: (), "postgres": ("embedded",), "rest": _REMOTE, "vended": _REMOTE}
"""The markers of tests that a leg leaves out."""
