select
    tailnum,
    cast(year as integer) as year,
    type,
    manufacturer,
    model,
    cast(engines as integer) as engines,
    cast(seats as integer) as seats,
    cast(speed as integer) as speed,
    engine
from {{ source('nyc', 'planes') }}
