{#- Deletes the rows of one of the project's own tables that the predicate is true for, within the run.
    For hooks and 'dbt run-operation'; the table is a relation such as 'this', or its name. -#}
{% macro delete_where(relation, predicate) %}
  {%- if execute -%}
    {%- set deleted = adapter.floe_delete(relation, predicate, graph) -%}
    {%- do log(deleted ~ ' rows deleted from ' ~ relation ~ ' where ' ~ predicate, info=True) -%}
  {%- endif -%}
{% endmacro %}
