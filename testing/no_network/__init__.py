"""A folder for PYTHONPATH: every Python that starts with it stays on this machine."""
