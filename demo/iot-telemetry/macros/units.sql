{# The one spelling of a unit, of the many that gateways and people write. #}
{% macro tidy_unit(column) -%}
    case {{ tidy(column) }}
        when '°c' then '°C' when 'c' then '°C' when 'degc' then '°C'
        when '°f' then '°F' when 'f' then '°F' when 'degf' then '°F'
        when 'ips' then 'in/s'
        when 'kpa' then 'kPa'
        when 'a' then 'A'
        when '1/min' then 'rpm' when 'u/min' then 'rpm'
        else {{ tidy(column) }}
    end
{%- endmacro %}

{# The unit that everything of a kind is compared in. #}
{% macro own_unit(kind) -%}
    case {{ kind }}
        when 'temperature' then '°C'
        when 'vibration' then 'mm/s'
        when 'pressure' then 'bar'
        when 'current' then 'A'
        when 'speed' then 'rpm'
    end
{%- endmacro %}

{# A value in its kind's own unit, to two decimals, halves away from zero. #}
{% macro in_own_unit(value, unit) -%}
    cast(
        case {{ unit }}
            when '°F' then {{ ratio('5 * (' ~ value ~ ' - 32)', '9') }}
            when 'in/s' then round({{ value }} * 25.4, 2)
            when 'psi' then round({{ value }} * 0.0689475729, 2)
            when 'kPa' then round({{ value }} * 0.01, 2)
            else round({{ value }}, 2)
        end as decimal(12, 2)
    )
{%- endmacro %}
