-- Valuing and joining neither loses nor doubles an open position, whatever its currency or price.
with latest as (
    select *
    from {{ ref('stg_positions') }}
    qualify row_number() over (partition by position_id order by updated_at desc) = 1
),

counted as (
    select
        count(*) as positions,
        count({{ missing_as_null('counterparty_id') }}) as with_counterparty
    from latest
    where {{ tidy('status') }} = 'open'
),

reported as (
    select
        (select sum(total_positions) from {{ ref('mart_risk_dashboard') }}) as reported,
        (select sum(position_count) from {{ ref('int_counterparty_exposure') }}) as reported_with_counterparty
)

select *
from counted
cross join reported
where positions is distinct from reported
    or with_counterparty is distinct from reported_with_counterparty
