-- One row per customer: the latest version, cleaned, with what it bought in euros.
with customers as (
    select
        customer_id,
        regexp_replace(trim(full_name), ' +', ' ', 'g') as full_name,
        {{ tidy('email') }} as email,
        case upper(trim(country)) when 'UK' then 'GB' else upper(trim(country)) end as country_code,
        {{ tidy('segment') }} as account_type,
        signup_date,
        {{ tidy('marketing_consent') }} in ('yes', 'y', 'true') as accepts_marketing
    from {{ ref('stg_crm_customers') }}
    qualify row_number() over (partition by customer_id order by updated_at desc) = 1
),

-- The controlling department's rates of the financial year.
rates as (
    select currency, cast(eur as decimal(8, 4)) as eur
    from (
        values ('EUR', '1'), ('GBP', '1.1685'), ('CHF', '1.0642'), ('USD', '0.9213'), ('PLN', '0.2338')
    ) as listed (currency, eur)
),

-- What was paid, or paid back; what is pending, cancelled or has no quantity is neither.
settled as (
    select
        orders.customer_id,
        orders.ordered_at,
        orders.category,
        orders.quantity > 0 as is_sale,
        {{ tidy('orders.status') }} = 'refunded' as is_refunded,
        cast(round(orders.quantity * orders.unit_price * rates.eur, 2) as decimal(18, 2)) as amount_eur
    from {{ ref('stg_transactions') }} as orders
    inner join rates on rates.currency = upper(trim(orders.currency))
    where {{ tidy('orders.status') }} in ('completed', 'refunded')
        and orders.quantity <> 0
),

totals as (
    select
        customer_id,
        count(*) filter (is_sale) as total_orders,
        count(*) filter (is_sale and is_refunded) as refunded_orders,
        count(*) filter (not is_sale) as returned_orders,
        sum(amount_eur) filter (is_sale) as gross_revenue_eur,
        sum(amount_eur) filter (not is_sale or not is_refunded) as net_revenue_eur,
        min(ordered_at) filter (is_sale) as first_order_at,
        max(ordered_at) filter (is_sale) as last_order_at
    from settled
    group by customer_id
),

-- The category it buys most often, then for most money, then the first by name.
favourites as (
    select customer_id, category
    from settled
    where is_sale
    group by customer_id, category
    qualify row_number() over (
        partition by customer_id order by count(*) desc, sum(amount_eur) desc, category
    ) = 1
)

select
    customers.customer_id,
    customers.full_name,
    customers.email,
    customers.country_code,
    customers.account_type,
    customers.signup_date,
    customers.accepts_marketing,
    coalesce(totals.total_orders, 0) as total_orders,
    coalesce(totals.refunded_orders, 0) as refunded_orders,
    coalesce(totals.returned_orders, 0) as returned_orders,
    cast(coalesce(totals.gross_revenue_eur, 0) as decimal(18, 2)) as gross_revenue_eur,
    cast(coalesce(totals.net_revenue_eur, 0) as decimal(18, 2)) as net_revenue_eur,
    totals.first_order_at,
    totals.last_order_at,
    favourites.category as favourite_category
from customers
left join totals on totals.customer_id = customers.customer_id
left join favourites on favourites.customer_id = customers.customer_id
