select distinct
    order_id,
    machine_id,
    kind,
    cast(reported_at as timestamp) as reported_at,
    cast({{ missing_as_null('completed_at') }} as timestamp) as completed_at,
    technician,
    {{ missing_as_null('note') }} as note,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_maintenance_log') }}
