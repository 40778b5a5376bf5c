{#- The rows a strategy lands: a SELECT, and how the table engine is to take it. -#}
{% macro floe_rows(strategy, target) %}
  {%- if (config.get('contract') or {}).enforced -%}
    {{ floe_refuse_breach(adapter.floe_contract_breach(compiled_code, model)) }}
  {%- elif model.language == 'sql' -%}
    {{ floe_refuse_breach(adapter.floe_description_breach(compiled_code, model)) }}
  {%- endif -%}
  {%- if strategy == 'overwrite' and floe_has_constraints() -%}
    {{ return(floe_constrained(target)) }}
  {%- elif strategy == 'overwrite' -%}
    {{ return({'sql': floe_query(target), 'mode': 'overwrite'}) }}
  {%- endif -%}

  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set predicates = config.get('predicates') or config.get('incremental_predicates') -%}
  {%- if strategy == 'delete+insert' and not unique_key -%}
    {%- set strategy = 'append' -%}
  {%- endif -%}
  {%- if strategy == 'merge' and not unique_key and not floe_merge_options() -%}
    {%- set strategy = 'append' -%}
  {%- endif -%}
  {%- if floe_is_plain(strategy, predicates, unique_key) -%}
    {{ return({
      'sql': floe_query(target), 'mode': strategy, 'on_schema_change': on_schema_change,
      'unique_key': unique_key if strategy != 'append' else none
    }) }}
  {%- endif -%}
  {%- if strategy == 'microbatch' and not adapter.floe_is_replaced(context, strategy) -%}
    {{ return(floe_batch_of_rows(target, on_schema_change, predicates)) }}
  {%- endif -%}
  {{ return(floe_worked_rows(strategy, target, on_schema_change, unique_key, predicates)) }}
{% endmacro %}

{#- Whether the table engine knows the strategy by itself. -#}
{% macro floe_is_plain(strategy, predicates, unique_key) %}
  {{ return(
    not floe_has_constraints()
    and not adapter.floe_is_replaced(context, strategy)
    and (strategy == 'append'
         or (strategy == 'delete+insert' and not predicates and adapter.floe_names_columns(unique_key))
         or (strategy == 'merge' and config.get('unique_key') and not predicates and not floe_merge_options()))
  ) }}
{% endmacro %}

{#- What of dbt-duckdb's MERGE the model configures. -#}
{% macro floe_merge_options() %}
  {%- set known = ['update_condition', 'insert_condition', 'update_columns', 'exclude_columns',
                   'update_set_expressions', 'on_using_columns', 'returning_columns', 'clauses'] -%}
  {%- set asked = [] -%}
  {%- for option in known if config.get('merge_' ~ option) is not none -%}
    {%- do asked.append(option) -%}
  {%- endfor -%}
  {{ return(asked) }}
{% endmacro %}

{#- The query of what the model returns now, in the order of an enforced contract. -#}
{% macro floe_query(target) %}
  {%- set contract = config.get('contract') -%}
  {%- if model.language == 'python' -%}
    {{ return('select * from ' ~ floe_new_rows(target)) }}
  {%- elif contract and contract.enforced -%}
    {{ return(get_select_subquery(compiled_code)) }}
  {%- endif -%}
  {{ return(compiled_code) }}
{% endmacro %}

{#- What the model returns now, as a table of this connection. -#}
{% macro floe_new_rows(target) %}
  {%- set new = floe_temporary(target, '__new') -%}
  {%- if model.language == 'python' -%}
    {%- do adapter.floe_python(model, floe_python(new), new) -%}
    {{ floe_refuse_breach(adapter.floe_description_breach('select * from ' ~ new, model)) }}
  {%- else -%}
    {%- do run_query('create temp table ' ~ new ~ ' as (' ~ floe_query(target) ~ '\n)') -%}
  {%- endif -%}
  {{ return(new) }}
{% endmacro %}

{#- What dbt-duckdb runs in this process; a table that is not temporary is seen by whichever cursor it takes. -#}
{% macro floe_python(new) %}
{{ compiled_code }}

def materialize(df, con):
    con.register('__floe_python_model', df)
    con.execute('create table {{ new.incorporate(path={"database": "memory"}) }} as select * from __floe_python_model')
    con.unregister('__floe_python_model')
{% endmacro %}

{% macro floe_temporary(relation, suffix) %}
  {{ return(api.Relation.create(
    database='temp', schema='main', identifier=relation.identifier ~ suffix ~ py_current_timestring(), type='table'
  )) }}
{% endmacro %}

{#- One batch takes the place of the rows of its time, as in dbt-duckdb. -#}
{% macro floe_batch_of_rows(target, on_schema_change, predicates) %}
  {%- set event_time = config.get('event_time') -%}
  {%- set batch = model.get('batch') or {} -%}
  {%- if not event_time or config.get('unique_key') or not batch.get('event_time_start') -%}
    {%- do duckdb__get_incremental_microbatch_sql({'target_relation': target, 'temp_relation': target, 'dest_columns': []}) -%}
  {%- endif -%}
  {%- set of_the_batch = event_time ~ " >= '" ~ batch.event_time_start ~ "' and " ~ event_time ~ " < '" ~ batch.event_time_end ~ "'" -%}
  {%- set conditions = [of_the_batch] + normalize_incremental_predicates(predicates) -%}
  {%- set replaced = '(' ~ conditions | join(') and (') ~ ')' -%}
  {%- set rows = 'select * from (' ~ floe_query(target) ~ '\n) where ' ~ of_the_batch -%}
  {%- if floe_has_constraints() -%}
    {%- set rows = floe_constrained_batch(target, rows, replaced) -%}
  {%- endif -%}
  {%- do adapter.floe_delete(target, replaced, graph) -%}
  {{ return({'sql': rows, 'mode': 'append', 'on_schema_change': on_schema_change}) }}
{% endmacro %}

{#- The checked rows of a batch: together with those that stay, where a constraint is about all rows. -#}
{% macro floe_constrained_batch(target, rows, replaced) %}
  {%- if floe_constrains_all_rows() -%}
    {%- if config.get('concurrent_batches') is not sameas false -%}
      {%- do exceptions.raise_compiler_error(
        "batches built at once cannot be checked for what is unique over all of them: say concurrent_batches: false") -%}
    {%- endif -%}
    {%- set stay = 'select * from ' ~ target ~ ' where (' ~ replaced ~ ') is not true' -%}
    {%- do floe_constrained(target, rows ~ ' union all by name ' ~ stay) -%}
  {%- endif -%}
  {{ return(floe_constrained(target, rows).sql) }}
{% endmacro %}

{#- Any other strategy, a project's own too: dbt's SQL for it changes a copy in the engine, which then takes the
    place of what it is a copy of: the files with rows that the SQL can change, if that is known, else the table. -#}
{% macro floe_worked_rows(strategy, target, on_schema_change, unique_key, predicates) %}
  {%- set new = floe_new_rows(target) -%}
  {%- set keys = floe_changed_by_key(strategy, unique_key) -%}
  {%- set part = adapter.floe_part(target, new, keys) if keys is not none else none -%}
  {%- set copy = floe_copy(target, part) -%}
  {%- set columns = process_schema_changes(on_schema_change, new, copy) or adapter.get_columns_in_relation(copy) -%}
  {%- set strategy_sql = adapter.get_incremental_strategy_macro(context, strategy) -%}
  {% call statement('strategy') %}
    {{ strategy_sql({
      'target_relation': copy, 'temp_relation': new, 'unique_key': unique_key,
      'dest_columns': columns, 'incremental_predicates': predicates
    }) }}
  {% endcall %}
  {%- if floe_has_constraints() -%}
    {%- do adapter.floe_check_foreign_keys(copy, target, model) -%}
  {%- endif -%}
  {%- if part is none -%}
    {{ return({'sql': 'select * from ' ~ copy, 'mode': 'overwrite'}) }}
  {%- endif -%}
  {{ return({
    'sql': 'select * from ' ~ copy, 'mode': 'append', 'on_schema_change': 'sync_all_columns', 'replaces': part
  }) }}
{% endmacro %}

{#- The columns by whose values the strategy finds the rows it changes; none if it may change any row, or if
    all rows are needed to check a constraint. -#}
{% macro floe_changed_by_key(strategy, unique_key) %}
  {%- if floe_constrains_all_rows() or adapter.floe_is_replaced(context, strategy) -%}
    {{ return(none) }}
  {%- endif -%}
  {%- for clause in (config.get('merge_clauses') or {}).get('when_not_matched', []) -%}
    {%- if clause.get('by', 'target') | lower != 'target' -%}
      {{ return(none) }}
    {%- endif -%}
  {%- endfor -%}
  {%- set key = (config.get('merge_on_using_columns') if strategy == 'merge') or unique_key or [] -%}
  {{ return({
    'append': [],
    'delete+insert': [key] if key is string else key,
    'merge': [key] if key is string else key
  }.get(strategy)) }}
{% endmacro %}

{#- A copy of the table, or of a part of it, that statements may change; it has the constraints of an enforced
    contract. -#}
{% macro floe_copy(relation, part=none) %}
  {%- set rows = part.rows if part is not none else 'select * from ' ~ relation -%}
  {%- set copy = floe_temporary(relation, '__copy') -%}
  {%- if floe_has_constraints() -%}
    {%- do run_query('create temp table ' ~ copy ~ ' ' ~ get_table_columns_and_constraints()) -%}
    {%- do run_query('insert into ' ~ copy ~ ' by name ' ~ rows) -%}
  {%- else -%}
    {%- do run_query('create temp table ' ~ copy ~ ' as ' ~ rows) -%}
  {%- endif -%}
  {{ return(copy) }}
{% endmacro %}

{% macro floe_constrains_all_rows() %}
  {%- set types = enforced_constraint_types() -%}
  {{ return('unique' in types or 'primary_key' in types or 'custom' in types) }}
{% endmacro %}

{#- DuckDB checks the constraints of an enforced contract, before anything is written: Iceberg has none. -#}
{% macro floe_constrained(target, query=none) %}
  {%- set checked = floe_temporary(target, '__checked') -%}
  {%- set statements -%}
    create temp table {{ checked }} {{ get_table_columns_and_constraints() }} ;
    insert into {{ checked }} {{ get_column_names() }} (
      {{ query or floe_query(target) }}
    );
  {%- endset -%}
  {%- do run_query(statements) -%}
  {%- do adapter.floe_check_foreign_keys(checked, target, model) -%}
  {{ return({'sql': 'select * from ' ~ checked, 'mode': 'overwrite', 'statements': statements}) }}
{% endmacro %}

{% macro floe_has_constraints() %}
  {%- set contract = config.get('contract') -%}
  {{ return(contract and contract.enforced and enforced_constraint_types() | length > 0) }}
{% endmacro %}
