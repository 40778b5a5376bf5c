-- Clock times are local and written as numbers: 517 is 5:17.
select
    make_date(cast(year as bigint), cast(month as bigint), cast(day as bigint)) as flight_date,
    cast(dep_time as integer) as dep_time,
    cast(sched_dep_time as integer) as sched_dep_time,
    cast(dep_delay as integer) as dep_delay,
    cast(arr_time as integer) as arr_time,
    cast(sched_arr_time as integer) as sched_arr_time,
    cast(arr_delay as integer) as arr_delay,
    carrier,
    cast(flight as integer) as flight,
    tailnum,
    origin,
    dest,
    cast(air_time as integer) as air_time,
    cast(distance as integer) as distance,
    cast(hour as integer) as hour,
    cast(minute as integer) as minute,
    cast(time_hour as timestamp) as time_hour
from {{ source('nyc', 'flights') }}
