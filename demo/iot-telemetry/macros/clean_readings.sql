{#
  One row per sensor and moment, in the kind's own unit; no value where the sensor had none.

  A gateway that has lost the time says 1970: what did not arrive within a week of its measurement, or
  before it, is left out. A gateway that missed an answer sends under another id: the last arrival counts.
  `equal_readings` is the length of the unbroken row of equal values that a value stands in.
#}
{% macro clean_readings() -%}
    {% set unit = 'coalesce(' ~ tidy_unit('readings.unit') ~ ', sensors.unit)' -%}
    with arrived as (
        select
            readings.reading_id,
            sensors.sensor_id,
            readings.measured_at,
            readings.received_at,
            case when readings.value <> -999 then {{ in_own_unit('readings.value', unit) }} end as value
        from {{ ref('stg_readings') }} as readings
        inner join {{ ref('stg_sensors') }} as sensors
            on sensors.sensor_id = {{ tidy_id('readings.sensor_id') }}
        where readings.received_at between readings.measured_at and readings.measured_at + interval 7 day
        qualify row_number() over (
            partition by sensors.sensor_id, readings.measured_at
            order by readings.received_at desc, readings.reading_id desc
        ) = 1
    ),

    -- Neighbours in time of the same value share the difference of their two numbers.
    numbered as (
        select
            *,
            row_number() over (partition by sensor_id, value is null order by measured_at)
            - row_number() over (partition by sensor_id, value order by measured_at) as stretch
        from arrived
    )

    select
        reading_id,
        sensor_id,
        measured_at,
        received_at,
        value,
        count(value) over (partition by sensor_id, value, stretch) as equal_readings
    from numbered
{%- endmacro %}

{# Five equal values in a row: the limit of IOOS QARTOD's flat line test. #}
{% macro is_flat() -%}
    equal_readings >= 5
{%- endmacro %}
