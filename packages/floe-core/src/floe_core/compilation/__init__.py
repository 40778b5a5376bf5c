"""From two YAML files and a dbt project to one artifact, in six stages."""
