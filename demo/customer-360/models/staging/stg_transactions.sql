{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='transaction_id',
    )
}}

-- Partners write 1,299.00. Anything else that is no number fails here, before it can falsify a sum.
with delivered as (
    select distinct
        transaction_id,
        {{ missing_as_null('customer_id') }} as customer_id,
        cast(ordered_at as timestamp) as ordered_at,
        channel,
        category,
        product,
        cast({{ missing_as_null('quantity') }} as integer) as quantity,
        cast(replace(unit_price, ',', '') as decimal(12, 2)) as unit_price,
        currency,
        status,
        cast(updated_at as timestamp) as updated_at,
        {{ loaded_at() }} as _loaded_at
    from {{ ref('raw_transactions') }}
),

latest as (
    select *
    from delivered
    qualify row_number() over (partition by transaction_id order by updated_at desc) = 1
)

{% if is_incremental() %}

-- Stores report days late, so what is new shows in key and version, not in a date after the newest known.
select
    latest.* replace (coalesce(known._loaded_at, latest._loaded_at) as _loaded_at)
from latest
left join {{ this }} as known on known.transaction_id = latest.transaction_id
where known.transaction_id is null or latest.updated_at > known.updated_at

{% else %}

select * from latest

{% endif %}
