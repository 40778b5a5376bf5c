{# total / count to two decimals, halves away from zero, and nothing for a count of zero. #}
{% macro average(total, count) -%}
    cast(cast(round(100 * {{ total }} / nullif({{ count }}, 0)) as bigint) * 0.01 as decimal(18, 2))
{%- endmacro %}

{# The same in percent. #}
{% macro percent(part, whole) -%}
    {{ average('100 * ' ~ part, whole) }}
{%- endmacro %}
