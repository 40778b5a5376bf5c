{% materialization seed, adapter='floe' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {{ floe_refuse_unsupported() }}
  {%- set agate_table = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
  {%- do adapter.floe_begin(target_relation) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set sql = adapter.floe_seed_select(
      adapter.get_seed_file_path(model),
      adapter.floe_seed_columns(agate_table, config.get('column_types', {}), config.get('quote_columns')),
      config.get('delimiter', ',')
  ) -%}
  {%- set written = adapter.floe_write(
      target_relation, sql, model=model['unique_id'], mode='overwrite', docs=floe_docs()
  ) -%}
  {% call noop_statement('main', 'SEED ' ~ written.rows, 'SEED', written.rows) %}
    {{ sql }}
  {% endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do adapter.floe_publish() -%}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
