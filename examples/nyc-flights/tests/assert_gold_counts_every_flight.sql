-- Each answer that is about all flights is about all of them.
with expected as (select count(*) as flights from {{ ref('silver_flights') }}),

told as (
    select 'delays_by_carrier_and_month' as model, sum(flights) as flights
    from {{ ref('delays_by_carrier_and_month') }}
    union all
    select 'delays_by_weather', sum(flights) from {{ ref('delays_by_weather') }}
    union all
    select 'busiest_routes', sum(flights) from {{ ref('busiest_routes') }}
)

select told.model, told.flights
from told
cross join expected
where told.flights is distinct from expected.flights
