select
    carrier,
    name
from {{ source('nyc', 'airlines') }}
