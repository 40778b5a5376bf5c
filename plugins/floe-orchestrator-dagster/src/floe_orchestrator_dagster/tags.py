"""The tags a run carries from who asked for it to the step that does it."""

PRODUCT = "floe/product"
SELECT = "floe/select"
FULL_REFRESH = "floe/full-refresh"
