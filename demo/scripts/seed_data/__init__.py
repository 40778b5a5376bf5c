"""The demo's invented companies, one module per product."""
