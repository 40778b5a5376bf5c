select
    cast(date_trunc('month', ordered_on) as date) as month,
    count(*) as orders,
    cast(sum(amount) as decimal(18, 2)) as revenue
from {{ ref('stg_orders') }}
where status = 'paid'
group by month
