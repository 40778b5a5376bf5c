-- Whatever people typed, what was measured and mended has a sensor and a machine in the register.
select readings.reading_id as unknown
from {{ ref('stg_readings') }} as readings
left join {{ ref('stg_sensors') }} as sensors on sensors.sensor_id = {{ tidy_id('readings.sensor_id') }}
where sensors.sensor_id is null

union all

select orders.order_id
from {{ ref('stg_maintenance') }} as orders
left join {{ ref('stg_sensors') }} as sensors on sensors.machine_id = {{ tidy_id('orders.machine_id') }}
where sensors.sensor_id is null
