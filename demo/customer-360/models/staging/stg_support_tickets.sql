select
    ticket_id,
    {{ missing_as_null('customer_id') }} as customer_id,
    requester_email,
    cast(opened_at as timestamp) as opened_at,
    cast({{ missing_as_null('resolved_at') }} as timestamp) as resolved_at,
    category,
    priority,
    subject,
    cast({{ missing_as_null('satisfaction') }} as integer) as satisfaction,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_support_tickets') }}
