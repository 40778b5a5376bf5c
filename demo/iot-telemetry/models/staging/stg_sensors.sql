select
    sensor_id,
    machine_id,
    machine_type,
    maker,
    site,
    line,
    kind,
    unit,
    cast(range_low as decimal(12, 3)) as range_low,
    cast(range_high as decimal(12, 3)) as range_high,
    cast(calibrated_on as date) as calibrated_on,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_sensors') }}
