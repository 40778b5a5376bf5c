{# What the exports write when they have nothing to say. #}
{% macro missing_as_null(column) -%}
    nullif(nullif(trim({{ column }}), ''), 'N/A')
{%- endmacro %}

{# One spelling for a word that people type: no blanks around it, no capitals. #}
{% macro tidy(column) -%}
    lower({{ missing_as_null(column) }})
{%- endmacro %}

{# When a row came to us: what the export says, else the start of this run. In UTC, as all times here. #}
{% macro loaded_at() -%}
    coalesce(_loaded_at, cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp))
{%- endmacro %}

{# A number as people write it: with thousands separators, or not at all. #}
{% macro number(column, type) -%}
    cast(replace({{ missing_as_null(column) }}, ',', '') as {{ type }})
{%- endmacro %}

{# A key: capitals, no blanks around it. #}
{% macro code(column) -%}
    upper({{ missing_as_null(column) }})
{%- endmacro %}
