-- One row per machine. Ages count from the newest event anywhere, not from now:
-- the same deliveries give the same mart.
with orders as (
    select
        {{ tidy_id('machine_id') }} as machine_id,
        case {{ tidy('kind') }}
            when 'pm' then 'preventive'
            when 'reparatur' then 'repair'
            when 'insp.' then 'inspection'
            else {{ tidy('kind') }}
        end as kind,
        reported_at,
        -- Who finishes before anybody reports has written the wrong day: then the report's time counts.
        case when completed_at is not null then greatest(completed_at, reported_at) end as completed_at
    from {{ ref('stg_maintenance') }}
),

-- Who only inspects maintains nothing.
maintenance as (
    select
        machine_id,
        count(*) as work_orders,
        count(*) filter (kind = 'repair') as repairs,
        count(*) filter (kind = 'preventive') as services,
        count(*) filter (completed_at is null) as open_work_orders,
        count(*) filter (completed_at is null and kind in ('repair', 'replacement')) as open_repairs,
        max(completed_at) filter (kind <> 'inspection') as last_maintenance_at
    from orders
    group by machine_id
),

newest as (
    select
        max(last_reading_at) as reading_at,
        cast(
            greatest(
                max(last_reading_at),
                (select max(reported_at) from orders),
                (select max(completed_at) from orders)
            ) as date
        ) as day
    from {{ ref('int_sensor_metrics') }}
),

machines as (
    select
        sensors.machine_id,
        sensors.machine_type,
        sensors.maker,
        sensors.site,
        sensors.line,
        count(*) as sensors,
        count(*) filter (sensors.is_monitored) as monitored_sensors,
        count(*) filter (sensors.is_drifting) as drifting_sensors,
        count(*) filter (
            sensors.is_monitored and sensors.last_reading_at < newest.reading_at - interval 48 hour
        ) as silent_sensors,
        max(sensors.last_reading_at) as last_reading_at
    from {{ ref('int_sensor_metrics') }} as sensors
    cross join newest
    group by sensors.machine_id, sensors.machine_type, sensors.maker, sensors.site, sensors.line
),

-- What was measured before the last maintenance is mended; recent is what came after it.
judged as (
    select
        readings.*,
        maintenance.last_maintenance_at is null
        or readings.measured_at > maintenance.last_maintenance_at as is_recent
    from {{ ref('int_anomaly_detection') }} as readings
    left join maintenance on maintenance.machine_id = readings.machine_id
),

anomalies as (
    select
        machine_id,
        count(*) as readings,
        count(anomaly) as anomalies,
        count(*) filter (anomaly = 'out of range') as out_of_range_readings,
        count(*) filter (anomaly = 'flat line') as flat_line_readings,
        count(*) filter (anomaly = 'outlier') as outliers,
        count(*) filter (is_recent) as recent_readings,
        count(anomaly) filter (is_recent) as recent_anomalies,
        max(measured_at) filter (anomaly is not null) as last_anomaly_at
    from judged
    group by machine_id
),

joined as (
    select
        machines.*,
        coalesce(anomalies.readings, 0) as readings,
        coalesce(anomalies.anomalies, 0) as anomalies,
        coalesce(anomalies.out_of_range_readings, 0) as out_of_range_readings,
        coalesce(anomalies.flat_line_readings, 0) as flat_line_readings,
        coalesce(anomalies.outliers, 0) as outliers,
        coalesce(anomalies.recent_anomalies, 0) as recent_anomalies,
        coalesce({{ ratio('100 * anomalies.recent_anomalies', 'anomalies.recent_readings') }}, 0)
            as recent_anomaly_percent,
        anomalies.last_anomaly_at,
        coalesce(maintenance.work_orders, 0) as work_orders,
        coalesce(maintenance.open_work_orders, 0) as open_work_orders,
        coalesce(maintenance.open_repairs, 0) as open_repairs,
        coalesce(maintenance.repairs, 0) as repairs,
        coalesce(maintenance.services, 0) as services,
        maintenance.last_maintenance_at,
        date_diff('day', cast(maintenance.last_maintenance_at as date), newest.day) as days_since_maintenance
    from machines
    left join anomalies on anomalies.machine_id = machines.machine_id
    left join maintenance on maintenance.machine_id = machines.machine_id
    cross join newest
),

scored as (
    select
        *,
        case
            when monitored_sensors > 0
                then cast(
                    greatest(
                        0,
                        100
                        - least(40, 4 * recent_anomaly_percent)
                        - 15 * drifting_sensors
                        - 15 * silent_sensors
                        - case
                            when days_since_maintenance is null or days_since_maintenance > 290 then 20
                            when days_since_maintenance > 90 then (days_since_maintenance - 90) // 10
                            else 0
                        end
                    ) as decimal(5, 2)
                )
        end as health_score
    from joined
)

select
    machine_id,
    machine_type,
    maker,
    site,
    line,
    health_score,
    case
        when open_repairs > 0 or health_score < 50 then 'urgent'
        when health_score < 75 or days_since_maintenance is null or days_since_maintenance > 180 then 'due'
        when recent_anomalies > 0 or drifting_sensors > 0 or silent_sensors > 0 then 'watch'
        else 'none'
    end as maintenance_alert,
    sensors,
    monitored_sensors,
    drifting_sensors,
    silent_sensors,
    readings,
    anomalies,
    out_of_range_readings,
    flat_line_readings,
    outliers,
    recent_anomalies,
    recent_anomaly_percent,
    last_reading_at,
    last_anomaly_at,
    work_orders,
    open_work_orders,
    repairs,
    services,
    last_maintenance_at,
    days_since_maintenance
from scored
