{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['instrument_id', 'trade_date'],
    )
}}

-- A corrected close is published again, days later: the latest publication of each day counts.
with delivered as (
    select distinct
        instrument_id,
        cast(trade_date as date) as trade_date,
        ticker,
        asset_class,
        sector,
        currency,
        {{ number('close', 'decimal(12, 4)') }} as close,
        {{ number('volume', 'bigint') }} as volume,
        cast(published_at as timestamp) as published_at,
        {{ loaded_at() }} as _loaded_at
    from {{ ref('raw_market_data') }}
),

latest as (
    select *
    from delivered
    qualify row_number() over (partition by instrument_id, trade_date order by published_at desc) = 1
)

{% if is_incremental() %}

-- Corrections reach far back, so what is new shows in key and version, not in a date after the newest known.
select
    latest.* replace (coalesce(known._loaded_at, latest._loaded_at) as _loaded_at)
from latest
left join {{ this }} as known
    on known.instrument_id = latest.instrument_id
    and known.trade_date = latest.trade_date
where known.instrument_id is null or latest.published_at > known.published_at

{% else %}

select * from latest

{% endif %}
