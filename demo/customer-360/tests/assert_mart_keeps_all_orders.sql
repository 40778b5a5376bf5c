-- Joining customers with orders and tickets neither loses nor doubles an order.
with mart as (
    select sum(total_orders + returned_orders) as settled from {{ ref('mart_customer_360') }}
),

transactions as (
    select count(*) as settled
    from {{ ref('stg_transactions') }}
    where customer_id is not null
        and quantity <> 0
        and {{ tidy('status') }} in ('completed', 'refunded')
)

select mart.settled as in_mart, transactions.settled as in_transactions
from mart
cross join transactions
where mart.settled is distinct from transactions.settled
