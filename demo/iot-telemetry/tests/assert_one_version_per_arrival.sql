-- Two different versions of a reading from the same second: nobody could say which one counts.
select reading_id, received_at
from (select distinct * from {{ ref('raw_readings') }})
group by reading_id, received_at
having count(*) > 1
