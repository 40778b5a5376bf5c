select
    customer_id,
    name,
    city,
    cast(signed_up_on as date) as signed_up_on
from {{ ref('raw_customers') }}
