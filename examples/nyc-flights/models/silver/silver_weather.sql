-- The hour in which a station reports a hurricane of a thousand miles per hour is an hour without a wind.
with observed as (
    select
        * replace (case when wind_speed < 200 then wind_speed end as wind_speed)
    from {{ ref('bronze_weather') }}
)

select
    *,
    case
        when precip > 0 and temp <= 32 then 'snow or ice'
        when visib < 1 then 'fog'
        when precip >= 0.1 then 'heavy rain'
        when precip > 0 then 'rain'
        when greatest(wind_speed, wind_gust) >= 30 then 'wind'
        else 'fair'
    end as conditions
from observed
