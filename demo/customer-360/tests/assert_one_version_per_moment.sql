-- Two different versions of a transaction from the same second: nobody could say which one counts.
select transaction_id, updated_at
from (select distinct * from {{ ref('raw_transactions') }})
group by transaction_id, updated_at
having count(*) > 1
