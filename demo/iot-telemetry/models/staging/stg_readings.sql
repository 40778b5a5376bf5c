{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='reading_id',
    )
}}

-- Handhelds write 72,5. Anything else that is no number fails here, before it can falsify a statistic.
with delivered as (
    select distinct
        reading_id,
        sensor_id,
        cast(measured_at as timestamp) as measured_at,
        cast(received_at as timestamp) as received_at,
        cast(replace(nullif({{ missing_as_null('value') }}, 'NaN'), ',', '.') as decimal(12, 3)) as value,
        {{ missing_as_null('unit') }} as unit,
        source,
        {{ loaded_at() }} as _loaded_at
    from {{ ref('raw_readings') }}
),

latest as (
    select *
    from delivered
    qualify row_number() over (partition by reading_id order by received_at desc) = 1
)

{% if is_incremental() %}

-- Gateways deliver days late, so what is new shows in key and arrival, not in a time after the newest known.
select
    latest.* replace (coalesce(known._loaded_at, latest._loaded_at) as _loaded_at)
from latest
left join {{ this }} as known on known.reading_id = latest.reading_id
where known.reading_id is null or latest.received_at > known.received_at

{% else %}

select * from latest

{% endif %}
