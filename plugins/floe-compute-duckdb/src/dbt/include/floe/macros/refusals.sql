{#- What the adapter does not do is said by 'floe compile'; this is the same word for a config that only a run shows. -#}
{% macro floe_refuse_unsupported() %}
  {%- set reason = adapter.floe_unsupported(model) -%}
  {%- if reason -%}
    {%- do exceptions.raise_compiler_error(reason) -%}
  {%- endif -%}
{% endmacro %}

{#- A model whose columns are not those that were promised is not written. -#}
{% macro floe_refuse_breach(breach) %}
  {%- if breach -%}
    {%- do exceptions.raise_compiler_error(breach) -%}
  {%- endif -%}
{% endmacro %}

{% macro floe__apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config -%}
    {%- do exceptions.raise_compiler_error("grants are not kept by this catalog: remove 'grants' from " ~ relation) -%}
  {%- endif -%}
{% endmacro %}

{% materialization external, adapter='floe', supported_languages=['sql', 'python'] %}
  {%- do exceptions.raise_compiler_error("materialization 'external' is not supported: say 'table', and let a post_hook 'copy' it into a file") -%}
{% endmaterialization %}

{% materialization table_function, adapter='floe' %}
  {%- do exceptions.raise_compiler_error("materialization 'table_function' is not supported") -%}
{% endmaterialization %}
