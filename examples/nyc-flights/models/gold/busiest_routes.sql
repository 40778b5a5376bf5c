select
    rank() over (order by count(*) desc) as position,
    origin,
    dest,
    destination,
    max(distance_miles) as distance_miles,
    count(*) as flights,
    count(distinct carrier) as carriers,
    sum(seats) filter (status <> 'cancelled') as known_seats_flown,
    {{ average('sum(air_time_minutes)', 'count(air_time_minutes)') }} as average_air_time_minutes
from {{ ref('silver_departures') }}
group by origin, dest, destination
