{#- What 'dbt docs generate' shows of the tables: read from the lake, not from views in the engine. -#}
{% macro floe__get_catalog(information_schema, schemas) %}
  {{ return(adapter.floe_catalog(schemas, [])) }}
{% endmacro %}

{% macro floe__get_catalog_relations(information_schema, relations) %}
  {{ return(adapter.floe_catalog([], relations)) }}
{% endmacro %}
