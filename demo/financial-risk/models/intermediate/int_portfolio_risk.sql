-- One row per portfolio and instrument: what is held, what it could lose alone, and its part in what the
-- portfolio could lose. Value at risk is for one day, from today's holdings and the returns of the window:
--   parametric (RiskMetrics 1996; Jorion, Value at Risk, ch. 5): z * sigma * |market value|, z 1.645 and 2.326
--   components (Jorion, ch. 7): z * cov(instrument, portfolio) / sigma(portfolio), which add up to the portfolio's
--   historical simulation (Jorion, ch. 10): the loss on the portfolio's own k-th worst day, also adding up
--   expected shortfall (Basel MAR33): the mean loss over the worst 2.5 % of the days
with {{ valuation() }},

holdings as (
    select
        portfolio_id,
        instrument_id,
        min(desk) as desk,
        min(ticker) as ticker,
        asset_class,
        sector,
        max(last_close_date) as last_close_date,
        count(*) as position_count,
        cast(sum(market_value_eur) filter (market_value_eur > 0) as decimal(18, 2)) as long_market_value_eur,
        cast(sum(market_value_eur) filter (market_value_eur < 0) as decimal(18, 2)) as short_market_value_eur,
        cast(sum(market_value_eur) as decimal(18, 2)) as market_value_eur,
        cast(sum(market_value_eur - cost_eur) as decimal(18, 2)) as unrealised_pnl_eur
    from valued
    group by portfolio_id, instrument_id, asset_class, sector
),

-- A day on which anything was traded. The first one has nothing to compare with.
calendar as (
    select distinct trade_date from {{ ref('stg_market_data') }} where close > 0
),

days as (
    select trade_date
    from calendar
    where trade_date > (select min(trade_date) from calendar)
    qualify row_number() over (order by trade_date desc) <= {{ var('window_days') }}
),

-- Where a close is missing, the last known one stands: that day returns nothing.
closes as (
    select
        instruments.instrument_id,
        calendar.trade_date,
        last_value(cast(10000 * market.close as hugeint) ignore nulls) over (
            partition by instruments.instrument_id order by calendar.trade_date
        ) as close
    from instruments
    cross join calendar
    left join {{ ref('stg_market_data') }} as market
        on market.instrument_id = instruments.instrument_id
        and market.trade_date = calendar.trade_date
        and market.close > 0
),

moves as (
    select
        *,
        lag(close) over (partition by instrument_id order by trade_date) as former_close
    from closes
),

-- Simple returns, because those of a portfolio are the sum of its parts'; in units of 1e-8.
returns as (
    select
        moves.instrument_id,
        moves.trade_date,
        {{ divided('(100000000 * (moves.close - moves.former_close))', 'moves.former_close') }} as daily_return
    from moves
    inner join days on days.trade_date = moves.trade_date
    where moves.former_close is not null
),

-- Of the sample. Here doubles begin, so what comes of it is rounded: standard deviations to 1e-8, money to a cent.
variances as (
    select
        instrument_id,
        count(*) as return_count,
        cast(
            count(*) * sum(daily_return * daily_return) - sum(daily_return) * sum(daily_return) as double
        ) / nullif(count(*) * (count(*) - 1), 0) as variance
    from returns
    group by instrument_id
),

-- What today's holdings would have gained on each day, in whole cents; nothing before an instrument was listed.
gains as (
    select
        holdings.portfolio_id,
        holdings.instrument_id,
        days.trade_date,
        coalesce(
            {{ divided('(' ~ cents('holdings.market_value_eur') ~ ' * returns.daily_return)', '100000000') }}, 0
        ) as gain
    from holdings
    cross join days
    left join returns
        on returns.instrument_id = holdings.instrument_id
        and returns.trade_date = days.trade_date
),

portfolio_gains as (
    select
        portfolio_id,
        trade_date,
        sum(gain) as gain,
        row_number() over (partition by portfolio_id order by sum(gain), trade_date) as place,
        count(*) over (partition by portfolio_id) as day_count
    from gains
    group by portfolio_id, trade_date
),

portfolios as (
    select
        portfolio_id,
        any_value(day_count) as day_count,
        day_count * sum(gain * gain) - sum(gain) * sum(gain) as variance,
        sum(gain) as gain
    from portfolio_gains
    group by portfolio_id, day_count
),

-- The k-th worst day: losses beyond it happened on at most 5 (1) days of a hundred.
components as (
    select
        gains.portfolio_id,
        gains.instrument_id,
        whole.day_count * sum(gains.gain * portfolio_gains.gain) - sum(gains.gain) * whole.gain as covariance,
        whole.variance,
        whole.day_count,
        -sum(gains.gain) filter (portfolio_gains.place = whole.day_count * 5 // 100 + 1) as loss_95,
        -sum(gains.gain) filter (portfolio_gains.place = whole.day_count // 100 + 1) as loss_99,
        -sum(gains.gain) filter (portfolio_gains.place <= (whole.day_count * 25 + 999) // 1000) as worst_losses,
        (whole.day_count * 25 + 999) // 1000 as worst_day_count
    from gains
    inner join portfolio_gains
        on portfolio_gains.portfolio_id = gains.portfolio_id
        and portfolio_gains.trade_date = gains.trade_date
    inner join portfolios as whole on whole.portfolio_id = gains.portfolio_id
    group by gains.portfolio_id, gains.instrument_id, whole.variance, whole.day_count, whole.gain
),

volatilities as (
    select
        instrument_id,
        return_count,
        cast(cast(round(sqrt(variance)) as decimal(10, 0)) * 0.00000001 as decimal(10, 8)) as daily_volatility
    from variances
),

-- covariance and variance carry the same factor n (n - 1).
deviations as (
    select
        *,
        cast(covariance as double)
        / sqrt(nullif(cast(variance as double) * cast(day_count * (day_count - 1) as double), 0)) as deviation
    from components
)

select
    holdings.portfolio_id,
    holdings.instrument_id,
    holdings.desk,
    holdings.ticker,
    holdings.asset_class,
    holdings.sector,
    holdings.position_count,
    holdings.last_close_date,
    holdings.last_close_date is not null as is_priced,
    coalesce(holdings.last_close_date < as_of.report_date - 5, false) as is_stale,
    as_of.report_date,
    coalesce(holdings.long_market_value_eur, 0) as long_market_value_eur,
    coalesce(holdings.short_market_value_eur, 0) as short_market_value_eur,
    holdings.market_value_eur,
    holdings.unrealised_pnl_eur,
    coalesce(volatilities.return_count, 0) as return_count,
    volatilities.daily_volatility,
    {% for level, z in [('95', '1.645'), ('99', '2.326')] -%}
    cast(
        round({{ z }} * volatilities.daily_volatility * cast(abs(holdings.market_value_eur) as decimal(20, 2)), 2)
        as decimal(18, 2)
    ) as var_{{ level }}_eur,
    {{ money('round(' ~ z ~ 'e0 * coalesce(deviations.deviation, 0))') }} as component_var_{{ level }}_eur,
    {{ money('deviations.loss_' ~ level) }} as component_historical_var_{{ level }}_eur,
    {% endfor -%}
    {{ money(divided('deviations.worst_losses', 'deviations.worst_day_count')) }} as component_expected_shortfall_eur
from holdings
cross join (select max(trade_date) as report_date from calendar) as as_of
inner join deviations
    on deviations.portfolio_id = holdings.portfolio_id
    and deviations.instrument_id = holdings.instrument_id
left join volatilities on volatilities.instrument_id = holdings.instrument_id
