{#
  numerator / denominator to two decimals, halves away from zero, and nothing for a denominator of zero.
  Exact when 1000 times the numerator and 10 times the denominator are whole: both are then exact as doubles.
#}
{% macro ratio(numerator, denominator) -%}
    cast(
        cast(round(1000 * ({{ numerator }}) / nullif(10 * ({{ denominator }}), 0)) as bigint) * 0.01
        as decimal(18, 2)
    )
{%- endmacro %}
