{# Whole numbers only, so that no sum depends on its order and no rounding on an engine's floats. #}

{# numerator / denominator to the nearest whole number, halves away from zero; none for a denominator of zero. #}
{% macro divided(numerator, denominator) -%}
    (sign({{ numerator }}) * ((2 * abs({{ numerator }}) + ({{ denominator }})) // (2 * ({{ denominator }}))))
{%- endmacro %}

{# An amount as a number of cents, wide enough for squares and their sums. #}
{% macro cents(amount) -%}
    cast(100 * cast({{ amount }} as decimal(38, 2)) as hugeint)
{%- endmacro %}

{# A number of cents as an amount. #}
{% macro money(cents) -%}
    cast(cast({{ cents }} as decimal(18, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}

{# part / whole, to six decimals. #}
{% macro share(part, whole) -%}
    cast(cast({{ divided('1000000 * ' ~ cents(part), cents(whole)) }} as decimal(18, 0)) * 0.000001 as decimal(12, 6))
{%- endmacro %}
