select
    faa,
    name,
    cast(lat as double) as lat,
    cast(lon as double) as lon,
    cast(alt as integer) as alt,
    cast(tz as integer) as tz,
    dst,
    tzone
from {{ source('nyc', 'airports') }}
