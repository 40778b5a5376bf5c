-- Planes that nobody registered fly as well: they are told as one row, 'unknown'.
with planes as (
    select
        tailnum,
        coalesce(manufacturer, 'unknown') as manufacturer,
        built_in,
        seats,
        count(*) filter (status <> 'cancelled') as departures,
        sum(distance_miles) filter (status = 'flown') as miles
    from {{ ref('silver_departures') }}
    where tailnum is not null
    group by tailnum, manufacturer, built_in, seats
)

select
    manufacturer,
    count(*) as planes,
    {{ average('sum(2013 - built_in)', 'count(built_in)') }} as average_age_years,
    min(built_in) as oldest_built_in,
    {{ average('sum(seats)', 'count(seats)') }} as average_seats,
    sum(departures) as departures,
    coalesce(sum(miles), 0) as miles
from planes
group by manufacturer
