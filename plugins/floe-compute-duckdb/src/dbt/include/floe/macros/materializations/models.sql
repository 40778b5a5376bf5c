{% macro floe_materialize(mode) %}
  {#- One SELECT, written to the run's branch. The hooks' two halves keep dbt's order. -#}
  {%- set target_relation = this.incorporate(type='table') -%}
  {{ floe_refuse_unsupported() }}
  {%- do adapter.floe_begin(target_relation) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set sql_header = config.get('sql_header') -%}
  {%- if sql_header is not none -%}
    {%- do run_query(sql_header) -%}
  {%- endif -%}

  {%- set code = compiled_code -%}
  {%- if mode == 'microbatch' -%}
    {#- As in dbt-duckdb: what the batch covers goes, and its rows come. -#}
    {%- set batch = floe_batch() -%}
    {%- do adapter.floe_delete(target_relation, batch, graph) -%}
    {%- set code = 'select * from (' ~ compiled_code ~ '\n) as batch where ' ~ batch -%}
    {%- set mode = 'append' -%}
  {%- endif -%}

  {%- if (config.get('contract') or {}).enforced -%}
    {%- set breach = adapter.floe_contract_breach(compiled_code, model) -%}
    {%- if breach -%}
      {%- do exceptions.raise_compiler_error(breach) -%}
    {%- endif -%}
  {%- endif -%}

  {%- set written = adapter.floe_write(
      target_relation,
      code,
      model=model['unique_id'],
      mode=mode,
      unique_key=config.get('unique_key') if mode in ('merge', 'delete+insert') else none,
      on_schema_change=floe_on_schema_change() if mode != 'overwrite' else 'ignore',
      docs=floe_docs()
  ) -%}
  {% call noop_statement('main', mode | upper ~ ' ' ~ written.rows, mode | upper, written.rows) %}
    {{ compiled_code }}
  {% endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do adapter.floe_publish() -%}
  {{ return({'relations': [target_relation]}) }}
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

{#- The condition that is true for the rows of the batch that is going. -#}
{% macro floe_batch() %}
  {%- set time = config.get('event_time') -%}
  {{ return(time ~ " >= '" ~ model.batch.event_time_start ~ "' and " ~ time ~ " < '" ~ model.batch.event_time_end ~ "'") }}
{% endmacro %}

{% macro floe_on_schema_change() %}
  {{ return(incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore')) }}
{% endmacro %}

{% materialization table, adapter='floe', supported_languages=['sql'] %}
  {{ return(floe_materialize('overwrite')) }}
{% endmaterialization %}

{#- A view lands as a table: there is no engine that every reader of the lake would run its SQL on. -#}
{% materialization view, adapter='floe', supported_languages=['sql'] %}
  {{ return(floe_materialize('overwrite')) }}
{% endmaterialization %}

{% materialization incremental, adapter='floe', supported_languages=['sql'] %}
  {#- As in dbt-duckdb: the default is delete+insert, which without a key deletes nothing. -#}
  {%- set strategy = config.get('incremental_strategy') or 'default' -%}
  {%- if strategy == 'default' -%}
    {%- set strategy = 'delete+insert' -%}
  {%- endif -%}
  {%- if strategy == 'delete+insert' and not config.get('unique_key') -%}
    {%- set strategy = 'append' -%}
  {%- endif -%}
  {%- if load_cached_relation(this) is none or should_full_refresh() -%}
    {{ return(floe_materialize('overwrite')) }}
  {%- endif -%}
  {{ return(floe_materialize(strategy)) }}
{% endmaterialization %}
