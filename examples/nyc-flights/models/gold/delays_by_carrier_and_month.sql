select
    carrier,
    airline,
    cast(date_trunc('month', flight_date) as date) as month,
    count(*) as flights,
    count(*) filter (status = 'cancelled') as cancelled,
    count(*) filter (status = 'diverted') as diverted,
    {{ average('sum(departure_delay)', 'count(departure_delay)') }} as average_departure_delay,
    {{ average('sum(arrival_delay)', 'count(arrival_delay)') }} as average_arrival_delay,
    max(arrival_delay) as worst_arrival_delay,
    {{ percent('count(*) filter (arrival_delay >= 15)', 'count(arrival_delay)') }} as late_percent
from {{ ref('silver_departures') }}
group by carrier, airline, month
