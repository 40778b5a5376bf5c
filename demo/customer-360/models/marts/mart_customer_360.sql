-- One row per customer. Recency counts from the day of the newest order anywhere, not from today:
-- the same deliveries give the same mart.
with as_of as (
    select cast(max(last_order_at) as date) as day
    from {{ ref('int_customer_orders') }}
),

customers as (
    select
        orders.*,
        {{ average('orders.gross_revenue_eur', 'orders.total_orders') }} as average_order_value_eur,
        date_diff('day', cast(orders.last_order_at as date), as_of.day) as days_since_last_order,
        date_diff('day', orders.signup_date, as_of.day) as days_since_signup,
        coalesce(support.total_tickets, 0) as total_tickets,
        coalesce(support.open_tickets, 0) as open_tickets,
        coalesce(support.urgent_tickets, 0) as urgent_tickets,
        support.average_resolution_hours,
        support.average_satisfaction,
        support.last_ticket_at
    from {{ ref('int_customer_orders') }} as orders
    left join {{ ref('int_customer_support') }} as support on support.customer_id = orders.customer_id
    cross join as_of
)

select
    customer_id,
    full_name,
    email,
    country_code,
    account_type,
    signup_date,
    accepts_marketing,
    case
        when total_orders = 0 then 'prospect'
        when days_since_last_order > 180 then 'lapsed'
        when total_tickets >= 2 and average_satisfaction < 3 then 'at risk'
        when total_orders >= 4 and net_revenue_eur >= 2000 then 'champion'
        when days_since_signup <= 90 then 'new'
        when total_orders >= 3 then 'loyal'
        else 'occasional'
    end as customer_segment,
    total_orders,
    refunded_orders,
    returned_orders,
    gross_revenue_eur,
    net_revenue_eur,
    average_order_value_eur,
    favourite_category,
    first_order_at,
    last_order_at,
    days_since_last_order,
    total_tickets,
    open_tickets,
    urgent_tickets,
    average_resolution_hours,
    average_satisfaction,
    last_ticket_at
from customers
