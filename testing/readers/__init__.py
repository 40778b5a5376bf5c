"""Readers that are not installed with floe; what each needs is fetched into ``.cache``, pinned by hash."""
