"""Services as plain processes on loopback: PostgreSQL, an S3 store, Iceberg's reference REST catalog."""
