-- The registry has several names for makers that merged, or were written down by different people.
select
    tailnum,
    year as built_in,
    case
        when manufacturer like 'AIRBUS%' then 'AIRBUS'
        when manufacturer like 'CANADAIR%' then 'CANADAIR'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        else manufacturer
    end as manufacturer,
    model,
    type,
    engine,
    engines,
    seats
from {{ ref('bronze_planes') }}
