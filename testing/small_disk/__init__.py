"""A real disk of 8 MiB that fills up, below the engine and below a whole product."""
