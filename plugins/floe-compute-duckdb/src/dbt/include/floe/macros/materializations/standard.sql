{#- A project's own materialization calls the standard ones by the names they have on dbt-duckdb. -#}
{% macro materialization_table_default() %}
  {{ return(materialization_table_floe()) }}
{% endmacro %}

{% macro materialization_table_duckdb() %}
  {{ return(materialization_table_floe()) }}
{% endmacro %}

{% macro materialization_view_default() %}
  {{ return(materialization_view_floe()) }}
{% endmacro %}

{% macro materialization_incremental_default() %}
  {{ return(materialization_incremental_floe()) }}
{% endmacro %}

{% macro materialization_incremental_duckdb() %}
  {{ return(materialization_incremental_floe()) }}
{% endmacro %}

{% macro materialization_seed_default() %}
  {{ return(materialization_seed_floe()) }}
{% endmacro %}

{% macro materialization_snapshot_default() %}
  {{ return(materialization_snapshot_floe()) }}
{% endmacro %}

{% macro materialization_test_default() %}
  {{ return(materialization_test_floe()) }}
{% endmacro %}
