"""What floe costs, measured: ``make bench`` rewrites RESULTS.md."""
