{#- dbt's snapshot: its SQL works on a copy of the table in the engine, whose changed rows then take the
    place of those with their ids. -#}
{% materialization snapshot, adapter='floe' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {{ floe_refuse_unsupported() }}
  {%- do adapter.floe_begin(target_relation) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set existing = load_cached_relation(this) is not none -%}
  {%- set strategy_macro = strategy_dispatch(config.get('strategy')) -%}
  {%- set strategy = strategy_macro(model, 'snapshotted_data', 'source_data', model['config'], existing) -%}
  {%- if existing -%}
    {%- set written = floe_merge_snapshot(target_relation, strategy) -%}
  {%- else -%}
    {%- set written = floe_land(target_relation, build_snapshot_table(strategy, model['compiled_code']), 'overwrite') -%}
  {%- endif -%}
  {% call noop_statement('main', 'SNAPSHOT ' ~ written.rows, 'SNAPSHOT', written.rows) %}
    {{ model['compiled_code'] }}
  {% endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do adapter.floe_publish() -%}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro floe_merge_snapshot(target, strategy) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- do adapter.assert_valid_snapshot_target_given_strategy(target, columns, strategy) -%}
  {%- set copy = floe_copy(target) -%}
  {%- set staging = floe_temporary(target, '__staging') -%}
  {%- do run_query('create temp table ' ~ staging ~ ' as ' ~ snapshot_staging_table(strategy, model['compiled_code'], copy)) -%}

  {%- set own = ['dbt_change_type', 'dbt_unique_key'] -%}
  {%- if strategy.unique_key is sequence and strategy.unique_key is not string -%}
    {%- for key in strategy.unique_key -%}
      {%- do own.append('dbt_unique_key_' ~ loop.index) -%}
    {%- endfor -%}
  {%- endif -%}
  {%- set missing = adapter.get_missing_columns(staging, copy) | rejectattr('name', 'in', own) | list -%}
  {%- do create_columns(copy, missing) -%}
  {%- set names = [] -%}
  {%- for column in adapter.get_columns_in_relation(staging) | rejectattr('name', 'in', own) -%}
    {%- do names.append(adapter.quote(column.name)) -%}
  {%- endfor -%}
  {% call statement('merge_snapshot') %}
    {{ snapshot_merge_sql(target=copy, source=staging, insert_cols=names) }}
  {% endcall %}

  {#- a row that comes back unchanged has the id it had: not every id is there once -#}
  {%- set id = columns.dbt_scd_id -%}
  {{ return(floe_land(
    target,
    'select * from ' ~ copy ~ ' where ' ~ id ~ ' in (select ' ~ id ~ ' from ' ~ staging ~ ')',
    'delete+insert',
    id,
    'append_new_columns'
  )) }}
{% endmacro %}
