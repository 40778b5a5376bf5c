"""What the tests stand on; never shipped."""
