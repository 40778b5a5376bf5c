{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['time_hour', 'carrier', 'flight'],
    )
}}

-- A flight is known by its scheduled hour, carrier and number. All times are UTC.
with flights as (
    select
        flight_date,
        time_hour,
        carrier,
        flight,
        tailnum,
        origin,
        dest,
        time_hour + to_minutes(minute) as scheduled_at,
        time_hour + to_minutes(minute + dep_delay) as departed_at,
        case
            when dep_time is null then 'cancelled'
            when arr_delay is null then 'diverted'
            else 'flown'
        end as status,
        dep_delay as departure_delay,
        arr_delay as arrival_delay,
        air_time as air_time_minutes,
        distance as distance_miles
    from {{ ref('bronze_flights') }}
)

select * from flights

{% if is_incremental() %}

-- Airlines correct their reports for some days: those days are read again, older ones never.
where flight_date >= (
    select max(flight_date) - {{ var('late_days') }} from {{ this }}
)

{% endif %}
