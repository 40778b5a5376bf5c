{# Whether it is a legal entity identifier (ISO 17442): with letters as 10 to 35, the rest modulo 97 is 1. #}
{% macro is_lei(column) -%}
    (
        regexp_full_match({{ column }}, '[A-Z0-9]{18}[0-9]{2}')
        and list_reduce(
            list_prepend(
                0,
                list_transform(
                    string_split({{ column }}, ''),
                    lambda letter: strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', letter) - 1
                )
            ),
            lambda rest, value: (rest * if(value < 10, 10, 100) + value) % 97
        ) = 1
    )
{%- endmacro %}
