select
    order_id,
    customer_id,
    cast(ordered_on as date) as ordered_on,
    product,
    amount,
    lower(trim(status)) as status
from {{ ref('raw_orders') }}
