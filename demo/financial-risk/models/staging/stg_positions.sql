-- An amended position stands in the export again, with a later updated_at: every version is kept here.
select distinct
    position_id,
    portfolio_id,
    desk,
    instrument_id,
    {{ missing_as_null('counterparty_id') }} as counterparty_id,
    side,
    {{ number('quantity', 'bigint') }} as quantity,
    {{ number('trade_price', 'decimal(12, 4)') }} as trade_price,
    currency,
    cast(traded_at as timestamp) as traded_at,
    status,
    cast(updated_at as timestamp) as updated_at,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_positions') }}
