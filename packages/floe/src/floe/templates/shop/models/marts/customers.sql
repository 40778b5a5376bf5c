-- One row per customer; only what stayed paid is revenue.
select
    customers.customer_id,
    customers.name,
    customers.city,
    customers.signed_up_on,
    count(orders.order_id) as orders,
    cast(coalesce(sum(orders.amount), 0) as decimal(18, 2)) as revenue,
    max(orders.ordered_on) as last_ordered_on
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_orders') }} as orders
    on orders.customer_id = customers.customer_id and orders.status = 'paid'
group by all
