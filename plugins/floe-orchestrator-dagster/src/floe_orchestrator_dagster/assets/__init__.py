"""What the products' code locations are made of."""
