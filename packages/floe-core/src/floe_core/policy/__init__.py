"""A platform team's own rules, in Rego."""
