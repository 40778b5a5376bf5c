-- The CRM exports a changed customer again, with a later updated_at: every version is kept here.
select
    customer_id,
    full_name,
    email,
    country,
    segment,
    cast(signup_date as date) as signup_date,
    marketing_consent,
    cast(updated_at as timestamp) as updated_at,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_customers') }}
