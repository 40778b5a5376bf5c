select
    origin,
    conditions,
    count(*) as flights,
    count(distinct time_hour) as hours,
    count(*) filter (status = 'cancelled') as cancelled,
    {{ percent("count(*) filter (status = 'cancelled')", 'count(*)') }} as cancelled_percent,
    {{ average('sum(departure_delay)', 'count(departure_delay)') }} as average_departure_delay,
    {{ percent('count(*) filter (departure_delay >= 15)', 'count(departure_delay)') }} as late_percent
from {{ ref('silver_departures') }}
group by origin, conditions
