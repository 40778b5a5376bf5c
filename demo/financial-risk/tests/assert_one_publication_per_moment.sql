-- Two different closes of an instrument published in the same second: nobody could say which one counts.
select instrument_id, trade_date, published_at
from (select distinct * from {{ ref('raw_market_data') }})
group by instrument_id, trade_date, published_at
having count(*) > 1
