-- One row per portfolio, in euros: what it holds, what it could lose, whom it depends on, and what the supervisor
-- asks for. Components of risk add up, so everything here is a sum over the silver tables.
with portfolios as (
    select
        portfolio_id,
        min(desk) as desk,
        max(report_date) as report_date,
        cast(sum(position_count) as bigint) as total_positions,
        count(*) as instruments,
        count(*) filter (not is_priced) as unpriced_instruments,
        count(*) filter (is_stale) as stale_instruments,
        sum(long_market_value_eur) as long_market_value_eur,
        sum(short_market_value_eur) as short_market_value_eur,
        sum(market_value_eur) as net_market_value_eur,
        sum(long_market_value_eur - short_market_value_eur) as gross_market_value_eur,
        sum(unrealised_pnl_eur) as unrealised_pnl_eur,
        sum(component_var_95_eur) as var_95_eur,
        sum(component_var_99_eur) as var_99_eur,
        sum(var_99_eur) as undiversified_var_99_eur,
        greatest(sum(component_historical_var_95_eur), 0) as historical_var_95_eur,
        greatest(sum(component_historical_var_99_eur), 0) as historical_var_99_eur,
        greatest(sum(component_expected_shortfall_eur), 0) as expected_shortfall_eur,
        first(instrument_id order by abs(market_value_eur) desc, instrument_id) as largest_instrument_id,
        max(abs(market_value_eur)) as largest_instrument_eur,
        sum(abs(market_value_eur)) as instruments_eur,
        sum({{ cents('market_value_eur') }} * {{ cents('market_value_eur') }}) as instrument_squares
    from {{ ref('int_portfolio_risk') }}
    group by portfolio_id
),

counterparties as (
    select
        portfolio_id,
        count(*) as counterparties,
        sum(gross_exposure_eur) as gross_exposure_eur,
        sum(net_exposure_eur) as net_exposure_eur,
        sum(risk_weighted_exposure_eur) as risk_weighted_exposure_eur,
        first(counterparty_id order by net_exposure_eur desc, counterparty_id) as largest_counterparty_id,
        max(net_exposure_eur) as largest_counterparty_eur,
        sum({{ cents('net_exposure_eur') }} * {{ cents('net_exposure_eur') }}) as counterparty_squares,
        count(*) filter (is_large_exposure) as large_exposures,
        sum(net_exposure_eur) filter (is_large_exposure) as large_exposure_eur,
        count(*) filter (exceeds_limit) as limit_breaches,
        count(*) filter (not has_valid_lei) as counterparties_without_lei
    from {{ ref('int_counterparty_exposure') }}
    group by portfolio_id
),

-- Ten days are sqrt(10) times one day; the least multiplier is three (Basel market risk amendment, 1996).
figures as (
    select
        portfolios.*,
        counterparties.* exclude (portfolio_id),
        cast(round(3.16227766016838 * portfolios.var_99_eur, 2) as decimal(18, 2)) as ten_day_var_99_eur,
        cast(round(0.08 * coalesce(counterparties.risk_weighted_exposure_eur, 0), 2) as decimal(18, 2))
            as credit_risk_capital_eur,
        {{ share('portfolios.var_99_eur', 'portfolios.gross_market_value_eur') }} as var_share,
        {{ share('portfolios.largest_instrument_eur', 'portfolios.instruments_eur') }} as largest_instrument_share
    from portfolios
    left join counterparties on counterparties.portfolio_id = portfolios.portfolio_id
)

select
    portfolio_id,
    desk,
    report_date,
    case
        when var_share > 0.02 or largest_instrument_share > 0.6 then 'red'
        when var_share > 0.015 or largest_instrument_share > 0.4 then 'amber'
        else 'green'
    end as risk_status,
    total_positions,
    instruments,
    unpriced_instruments,
    stale_instruments,
    cast(long_market_value_eur as decimal(18, 2)) as long_market_value_eur,
    cast(short_market_value_eur as decimal(18, 2)) as short_market_value_eur,
    cast(net_market_value_eur as decimal(18, 2)) as net_market_value_eur,
    cast(gross_market_value_eur as decimal(18, 2)) as gross_market_value_eur,
    cast(unrealised_pnl_eur as decimal(18, 2)) as unrealised_pnl_eur,
    cast(var_95_eur as decimal(18, 2)) as var_95_eur,
    cast(var_99_eur as decimal(18, 2)) as var_99_eur,
    var_share as var_99_share,
    cast(undiversified_var_99_eur - var_99_eur as decimal(18, 2)) as diversification_benefit_eur,
    cast(historical_var_95_eur as decimal(18, 2)) as historical_var_95_eur,
    cast(historical_var_99_eur as decimal(18, 2)) as historical_var_99_eur,
    cast(expected_shortfall_eur as decimal(18, 2)) as expected_shortfall_eur,
    largest_instrument_id,
    largest_instrument_share,
    cast(
        {{ divided('10000 * instrument_squares', cents('instruments_eur') ~ ' * ' ~ cents('instruments_eur')) }}
        as integer
    ) as instrument_concentration,
    coalesce(counterparties, 0) as counterparties,
    cast(coalesce(gross_exposure_eur, 0) as decimal(18, 2)) as gross_exposure_eur,
    cast(coalesce(net_exposure_eur, 0) as decimal(18, 2)) as net_exposure_eur,
    largest_counterparty_id,
    {{ share('largest_counterparty_eur', 'net_exposure_eur') }} as largest_counterparty_share,
    cast(
        {{ divided('10000 * counterparty_squares', cents('net_exposure_eur') ~ ' * ' ~ cents('net_exposure_eur')) }}
        as integer
    ) as counterparty_concentration,
    coalesce(large_exposures, 0) as large_exposures,
    cast(coalesce(large_exposure_eur, 0) as decimal(18, 2)) as large_exposure_eur,
    coalesce(limit_breaches, 0) as limit_breaches,
    coalesce(counterparties_without_lei, 0) as counterparties_without_lei,
    cast(coalesce(risk_weighted_exposure_eur, 0) as decimal(18, 2)) as risk_weighted_exposure_eur,
    credit_risk_capital_eur,
    ten_day_var_99_eur,
    cast(3 * ten_day_var_99_eur as decimal(18, 2)) as market_risk_capital_eur,
    {{ share('3 * ten_day_var_99_eur + credit_risk_capital_eur', var('tier1_capital_eur')) }} as capital_share_of_tier1
from figures
