{#- Every model: dbt's frame of hooks around one write on the run's branch. -#}
{% macro floe_materialize(strategy) %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {{ floe_refuse_unsupported() }}
  {%- do adapter.floe_begin(target_relation) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set sql_header = config.get('sql_header') -%}
  {%- if sql_header is not none -%}
    {%- do run_query(sql_header) -%}
  {%- endif -%}

  {%- set rows = floe_rows(strategy, target_relation) -%}
  {%- set written = floe_land(target_relation, rows.sql, rows.mode, rows.get('unique_key'), rows.get('on_schema_change', 'ignore'), rows.get('replaces')) -%}
  {% call noop_statement('main', strategy | upper ~ ' ' ~ written.rows, strategy | upper, written.rows) %}
    {{ rows.get('statements', compiled_code) }}
  {% endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do adapter.floe_publish() -%}
  {{ return({'relations': [target_relation]}) }}
{% endmacro %}

{% macro floe_land(relation, sql, mode, unique_key=none, on_schema_change='ignore', replaces=none) %}
  {%- set written = adapter.floe_write(
      relation,
      sql,
      model=model['unique_id'],
      mode=mode,
      unique_key=unique_key,
      on_schema_change=on_schema_change,
      docs=floe_docs(),
      partition_by=config.get('partition_by'),
      sort_by=config.get('sort_by'),
      properties=config.get('table_properties'),
      replaces=replaces
  ) -%}
  {%- if config.persist_column_docs() and model.columns -%}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- do validate_doc_columns(relation, model.columns, names) -%}
  {%- endif -%}
  {{ return(written) }}
{% endmacro %}

{#- What persist_docs asks to keep beside the table; none leaves alone what is there. -#}
{% macro floe_docs() %}
  {%- if not (config.persist_relation_docs() or config.persist_column_docs()) -%}
    {{ return(none) }}
  {%- endif -%}
  {%- set columns = {} -%}
  {%- for column in model.columns.values() if config.persist_column_docs() and column.description -%}
    {%- do columns.update({column.name: column.description}) -%}
  {%- endfor -%}
  {{ return({'table': (model.description or none) if config.persist_relation_docs() else none, 'columns': columns}) }}
{% endmacro %}

{% materialization table, adapter='floe', supported_languages=['sql', 'python'] %}
  {{ return(floe_materialize('overwrite')) }}
{% endmaterialization %}

{#- A view lands as a table: there is no engine that every reader of the lake would run its SQL on. One that
    is inlined is a query for the models of its product only. -#}
{% materialization view, adapter='floe', supported_languages=['sql'] %}
  {%- if adapter.floe_is_inlined(this) -%}
    {{ return(floe_inline_view()) }}
  {%- endif -%}
  {{ return(floe_materialize('overwrite')) }}
{% endmaterialization %}

{% macro floe_inline_view() %}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- do adapter.floe_begin(target_relation) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- do adapter.floe_inline(target_relation, compiled_code) -%}
  {% call noop_statement('main', 'INLINED VIEW', 'INLINED VIEW') %}
    {{ compiled_code }}
  {% endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do adapter.floe_publish() -%}
  {{ return({'relations': [target_relation]}) }}
{% endmacro %}

{#- As in dbt-duckdb: the default is delete+insert, which without a key deletes nothing. -#}
{% materialization incremental, adapter='floe', supported_languages=['sql', 'python'] %}
  {%- set strategy = config.get('incremental_strategy') or 'default' -%}
  {%- do adapter.get_incremental_strategy_macro(context, strategy) -%}
  {%- if load_cached_relation(this) is none or should_full_refresh() -%}
    {{ return(floe_materialize('overwrite')) }}
  {%- endif -%}
  {%- if strategy == 'default' and not adapter.floe_is_replaced(context, strategy) -%}
    {%- set strategy = 'delete+insert' -%}
  {%- endif -%}
  {{ return(floe_materialize(strategy)) }}
{% endmaterialization %}
