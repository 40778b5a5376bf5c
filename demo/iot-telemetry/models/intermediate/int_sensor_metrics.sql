-- One row per sensor: what it is, what it sent, and what is normal for it.
with sensors as (
    select
        sensor_id,
        machine_id,
        {{ tidy('machine_type') }} as machine_type,
        maker,
        site,
        line,
        case {{ tidy('kind') }}
            when 'temp' then 'temperature'
            when 'vib' then 'vibration'
            when 'press' then 'pressure'
            else {{ tidy('kind') }}
        end as kind,
        {{ in_own_unit('range_low', 'unit') }} as range_low,
        {{ in_own_unit('range_high', 'unit') }} as range_high,
        calibrated_on
    from {{ ref('stg_sensors') }}
),

readings as (
    {{ clean_readings() }}
),

counts as (
    select
        sensor_id,
        count(value) as readings,
        count(*) - count(value) as missing_readings,
        count(value) filter (received_at > measured_at + interval 1 hour) as late_readings,
        max(measured_at) filter (value is not null) as last_reading_at
    from readings
    group by sensor_id
),

-- A frozen sensor says nothing about what is normal, and fewer than ten readings are no statistic.
judged as (
    select
        sensor_id,
        value,
        row_number() over (partition by sensor_id order by measured_at) as place,
        count(*) over (partition by sensor_id) as places
    from readings
    where value is not null and not {{ is_flat() }}
    qualify places >= 10
),

-- Two decimals more than the values have: the mean of the two in the middle stays exact.
centres as (
    select
        sensor_id,
        median(cast(value as decimal(12, 4))) as median,
        median(value) filter (place > places - 5) - median(value) filter (place <= 5) as drift
    from judged
    group by sensor_id
),

-- The median of the absolute deviations from the median.
spreads as (
    select
        judged.sensor_id,
        median(abs(judged.value - centres.median)) as mad
    from judged
    inner join centres on centres.sensor_id = judged.sensor_id
    group by judged.sensor_id
)

select
    sensors.sensor_id,
    sensors.machine_id,
    sensors.machine_type,
    sensors.maker,
    sensors.site,
    sensors.line,
    sensors.kind,
    {{ own_unit('sensors.kind') }} as unit,
    sensors.range_low,
    sensors.range_high,
    sensors.calibrated_on,
    coalesce(counts.readings, 0) as readings,
    coalesce(counts.missing_readings, 0) as missing_readings,
    coalesce(counts.late_readings, 0) as late_readings,
    counts.last_reading_at,
    coalesce(counts.readings >= 10, false) as is_monitored,
    cast(centres.median as decimal(12, 4)) as median,
    cast(spreads.mad as decimal(12, 4)) as mad,
    cast(centres.drift as decimal(12, 2)) as drift,
    coalesce(10 * abs(centres.drift) > sensors.range_high - sensors.range_low, false) as is_drifting
from sensors
left join counts on counts.sensor_id = sensors.sensor_id
left join centres on centres.sensor_id = sensors.sensor_id
left join spreads on spreads.sensor_id = sensors.sensor_id
