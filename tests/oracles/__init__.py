"""What the demo's marts must hold, told from their stated rules and the CSVs in plain Python."""
