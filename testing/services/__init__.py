"""Services as plain processes on loopback: PostgreSQL, an S3 store, Iceberg's reference REST catalog."""

EMBEDDED = "sqlite"
LEGS = (EMBEDDED, "postgres", "rest", "vended")
"""What the suite of the engine runs on: ``pytest --leg=NAME``."""
NOT_OF = {
    EMBEDDED: ("lent", "store"),
    "postgres": ("embedded", "lent", "store"),
    "rest": ("embedded", "disk", "lent"),
    "vended": ("embedded", "disk", "store", "own_rights"),
}
"""The markers of tests that a leg leaves out."""
