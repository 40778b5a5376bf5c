-- One row per portfolio and counterparty. What a default would cost is the Current Exposure Method's (Basel II,
-- annex 4): replacement cost less collateral, plus an add-on by asset class for what may yet happen. Netting and
-- collateral hold for the counterparty as a whole; each portfolio carries its part by gross exposure.
-- Connected counterparties are one group, measured against Tier 1 capital (Basel LEX10, LEX20).
with {{ valuation() }},

counterparties as (
    select
        counterparty_id,
        {{ code('lei') }} as lei,
        regexp_replace(trim(legal_name), ' +', ' ', 'g') as legal_name,
        {{ code('country') }} as country_code,
        {{ tidy('sector') }} as sector,
        -- Aa2 and AA- are one grade: what is left without notches, Moody's letters as Standard & Poor's
        regexp_replace({{ code('rating') }}, '[^A-Z]', '', 'g') as letters,
        coalesce({{ code('parent_id') }}, counterparty_id) as group_id,
        coalesce({{ tidy('netting_agreement') }} in ('yes', 'y', 'true'), false) as has_netting_agreement,
        coalesce(collateral, 0) as collateral_eur
    from {{ ref('stg_counterparties') }}
    qualify row_number() over (partition by counterparty_id order by updated_at desc) = 1
),

-- Risk weights of the standardised approach for corporates (Basel CRE20.43).
grades as (
    select letters, rating, cast(risk_weight as decimal(3, 2)) as risk_weight
    from (
        values
            ('AAA', 'AAA', '0.20'), ('AA', 'AA', '0.20'), ('A', 'A', '0.50'), ('BBB', 'BBB', '0.75'),
            ('BAA', 'BBB', '0.75'), ('BB', 'BB', '1.00'), ('BA', 'BB', '1.00'), ('B', 'B', '1.50'),
            ('CCC', 'CCC', '1.50'), ('CAA', 'CCC', '1.50')
    ) as listed (letters, rating, risk_weight)
),

-- Add-on factors for contracts of one to five years; what is not listed gets the highest of them.
slices as (
    select
        portfolio_id,
        counterparty_id,
        count(*) as position_count,
        sum(abs(market_value_eur)) as notional,
        sum(greatest(market_value_eur - cost_eur, 0)) as gains,
        sum(market_value_eur - cost_eur) as net_gain,
        sum(
            round(
                abs(market_value_eur)
                * case asset_class when 'equity' then 0.080 when 'bond' then 0.005 else 0.120 end,
                2
            )
        ) as addon
    from valued
    where counterparty_id is not null
    group by portfolio_id, counterparty_id
),

-- Without an agreement a default leaves the gains lost and the losses due.
totals as (
    select
        slices.counterparty_id,
        counterparties.has_netting_agreement,
        counterparties.collateral_eur,
        counterparties.group_id,
        sum(slices.gains + slices.addon) as gross_exposure,
        sum(slices.addon) as addon,
        sum(slices.gains) as gains,
        greatest(sum(slices.net_gain), 0) as net_gain
    from slices
    inner join counterparties on counterparties.counterparty_id = slices.counterparty_id
    group by all
),

-- With netting the add-on shrinks to 0.4 + 0.6 * net / gross of it (nothing gained yet: it stays whole).
exposures as (
    select
        counterparty_id,
        group_id,
        gross_exposure,
        case
            when has_netting_agreement then
                greatest(net_gain - collateral_eur, 0)
                + case
                    when gains = 0 then addon
                    else {{ money(
                        divided(
                            cents('addon') ~ ' * (4 * ' ~ cents('gains') ~ ' + 6 * ' ~ cents('net_gain') ~ ')',
                            '10 * ' ~ cents('gains')
                        )
                    ) }}
                end
            else greatest(gains - collateral_eur, 0) + addon
        end as exposure
    from totals
),

grouped as (
    select *, sum(exposure) over (partition by group_id) as group_exposure
    from exposures
),

allocated as (
    select
        slices.*,
        grouped.exposure as counterparty_exposure,
        grouped.group_exposure,
        {{ money(
            divided(
                cents('grouped.exposure') ~ ' * ' ~ cents('slices.gains + slices.addon'),
                cents('grouped.gross_exposure')
            )
        ) }} as net_exposure_eur
    from slices
    inner join grouped on grouped.counterparty_id = slices.counterparty_id
)

select
    allocated.portfolio_id,
    allocated.counterparty_id,
    counterparties.legal_name,
    counterparties.country_code,
    counterparties.sector,
    counterparties.lei,
    coalesce({{ is_lei('counterparties.lei') }}, false) as has_valid_lei,
    coalesce(grades.rating, 'unrated') as rating,
    coalesce(grades.risk_weight, 1.00) as risk_weight,
    counterparties.group_id,
    counterparties.has_netting_agreement,
    counterparties.collateral_eur,
    allocated.position_count,
    cast(allocated.notional as decimal(18, 2)) as notional_eur,
    cast(allocated.gains + allocated.addon as decimal(18, 2)) as gross_exposure_eur,
    coalesce(allocated.net_exposure_eur, 0) as net_exposure_eur,
    cast(round(coalesce(allocated.net_exposure_eur, 0) * coalesce(grades.risk_weight, 1.00), 2) as decimal(18, 2))
        as risk_weighted_exposure_eur,
    cast(allocated.counterparty_exposure as decimal(18, 2)) as counterparty_exposure_eur,
    cast(allocated.group_exposure as decimal(18, 2)) as group_exposure_eur,
    {{ share('allocated.group_exposure', var('tier1_capital_eur')) }} as group_share_of_tier1,
    allocated.group_exposure * 10 >= {{ var('tier1_capital_eur') }} as is_large_exposure,
    allocated.group_exposure * 4 > {{ var('tier1_capital_eur') }} as exceeds_limit
from allocated
inner join counterparties on counterparties.counterparty_id = allocated.counterparty_id
left join grades on grades.letters = counterparties.letters
