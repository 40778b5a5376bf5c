-- Joining flights with what else is known neither loses nor doubles one.
with joined as (select count(*) as flights from {{ ref('silver_departures') }}),

merged as (select count(*) as flights from {{ ref('silver_flights') }})

select joined.flights as joined, merged.flights as merged
from joined
cross join merged
where joined.flights <> merged.flights
