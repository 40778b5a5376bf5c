-- A counterparty whose rating changed is exported again, with a later updated_at: every version is kept here.
select
    counterparty_id,
    {{ missing_as_null('lei') }} as lei,
    legal_name,
    country,
    sector,
    {{ missing_as_null('rating') }} as rating,
    {{ missing_as_null('parent_id') }} as parent_id,
    {{ missing_as_null('netting_agreement') }} as netting_agreement,
    {{ number('collateral', 'decimal(18, 2)') }} as collateral,
    cast(updated_at as timestamp) as updated_at,
    {{ loaded_at() }} as _loaded_at
from {{ ref('raw_counterparties') }}
