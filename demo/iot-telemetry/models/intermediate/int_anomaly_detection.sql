-- One row per reading with a value, judged against its sensor's range and its sensor's other readings.
with readings as (
    {{ clean_readings() }}
),

compared as (
    select
        readings.reading_id,
        readings.sensor_id,
        sensors.machine_id,
        sensors.kind,
        sensors.unit,
        readings.measured_at,
        readings.value,
        readings.equal_readings,
        sensors.range_low,
        sensors.range_high,
        sensors.mad,
        readings.value - sensors.median as deviation
    from readings
    inner join {{ ref('int_sensor_metrics') }} as sensors on sensors.sensor_id = readings.sensor_id
    where readings.value is not null
)

-- The modified z-score and its limit of 3.5: Iglewicz and Hoaglin, How to Detect and Handle Outliers
-- (1993). Compared as a product, because a quotient would be rounded; a MAD of zero judges nothing.
select
    reading_id,
    sensor_id,
    machine_id,
    kind,
    unit,
    measured_at,
    value,
    equal_readings,
    {{ ratio('6745 * deviation', '10000 * mad') }} as modified_z_score,
    case
        when value < range_low or value > range_high then 'out of range'
        when {{ is_flat() }} then 'flat line'
        when mad > 0 and 0.6745 * abs(deviation) > 3.5 * mad then 'outlier'
    end as anomaly
from compared
