{#- dbt's tests; the rows that fail one are a table of the lake where 'store_failures' asks for it. -#}
{% materialization test, adapter='floe' %}
  {%- set relations = [] -%}
  {%- set main_sql = get_limit_subquery_sql(sql, config.get('limit')) -%}
  {%- if should_store_failures() -%}
    {%- set kind = config.get('store_failures_as') or 'table' -%}
    {%- if kind not in ['table', 'view'] -%}
      {%- do exceptions.raise_compiler_error(
        "'" ~ kind ~ "' is not a valid value for `store_failures_as`. "
        ~ "Accepted values are: ['ephemeral', 'table', 'view']") -%}
    {%- endif -%}
    {%- set target_relation = api.Relation.create(
      identifier=model['alias'], schema=schema, database=database, type='table') -%}
    {%- do adapter.floe_begin(target_relation) -%}
    {%- do adapter.floe_write(target_relation, main_sql, model=model['unique_id'], mode='overwrite') -%}
    {%- do adapter.floe_publish() -%}
    {%- do relations.append(target_relation) -%}
    {%- set main_sql = 'select * from ' ~ target_relation -%}
  {%- endif -%}
  {% call statement('main', fetch_result=True) -%}
    {{ get_test_sql(main_sql, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
  {%- endcall %}
  {{ return({'relations': relations}) }}
{% endmaterialization %}
