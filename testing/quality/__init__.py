"""What a test must not do, found by reading it."""

from testing.quality.reading import problems_of_file, problems_of_source

__all__ = ["problems_of_file", "problems_of_source"]
