"""Ends work on a lake at any point where a file changes, and looks at what is left."""
