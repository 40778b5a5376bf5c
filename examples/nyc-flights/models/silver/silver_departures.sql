-- Every flight with what the other sources know of it, which is not always something.
select
    flights.*,
    airlines.name as airline,
    airports.name as destination,
    planes.manufacturer,
    planes.model,
    planes.built_in,
    planes.seats,
    coalesce(weather.conditions, 'not observed') as conditions
from {{ ref('silver_flights') }} as flights
left join {{ ref('bronze_airlines') }} as airlines on airlines.carrier = flights.carrier
left join {{ ref('bronze_airports') }} as airports on airports.faa = flights.dest
left join {{ ref('silver_planes') }} as planes on planes.tailnum = flights.tailnum
left join {{ ref('silver_weather') }} as weather
    on weather.origin = flights.origin and weather.time_hour = flights.time_hour
