-- Joining sensors, readings and work orders neither loses nor doubles any of them.
with mart as (
    select sum(readings) as readings, sum(anomalies) as anomalies, sum(work_orders) as orders
    from {{ ref('mart_equipment_health') }}
),

judged as (
    select count(*) as readings, count(anomaly) as anomalies
    from {{ ref('int_anomaly_detection') }}
),

maintenance as (
    select count(*) as orders from {{ ref('stg_maintenance') }}
)

select mart.*
from mart
cross join judged
cross join maintenance
where mart.readings is distinct from judged.readings
    or mart.anomalies is distinct from judged.anomalies
    or mart.orders is distinct from maintenance.orders
