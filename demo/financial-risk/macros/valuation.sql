{# The common table expressions that end in `valued`: every open position in its latest version, cleaned,
   with what it is worth and what it cost in euros, each position rounded to a cent.

   A position without any close counts at cost. Bonds are quoted in percent of their face value. A product of
   decimals is only as wide as 18 digits unless one of them is wider: hence decimal(20, 0). #}
{% macro valuation() -%}
entries as (
    select
        position_id,
        {{ code('portfolio_id') }} as portfolio_id,
        {{ tidy('desk') }} as desk,
        {{ code('instrument_id') }} as instrument_id,
        {{ code('counterparty_id') }} as counterparty_id,
        cast(
            case when {{ tidy('side') }} in ('long', 'l', 'buy') then 1 else -1 end * abs(quantity) as decimal(20, 0)
        ) as quantity,
        trade_price,
        {{ code('currency') }} as currency,
        {{ tidy('status') }} = 'open' as is_open
    from {{ ref('stg_positions') }}
    qualify row_number() over (partition by position_id order by updated_at desc) = 1
),

instruments as (
    select
        instrument_id,
        upper(ticker) as ticker,
        {{ tidy('asset_class') }} as asset_class,
        {{ tidy('sector') }} as sector,
        {{ code('currency') }} as currency,
        trade_date as last_close_date,
        close as last_close
    from {{ ref('stg_market_data') }}
    where close > 0
    qualify row_number() over (partition by instrument_id order by trade_date desc) = 1
),

-- The controlling department's rates of the financial year; London quotes shares in pence.
rates as (
    select currency, cast(eur as decimal(8, 6)) as eur
    from (
        values ('EUR', '1'), ('USD', '0.9213'), ('GBP', '1.1685'), ('GBX', '0.011685'), ('CHF', '1.0642')
    ) as listed (currency, eur)
),

valued as (
    select
        entries.*,
        instruments.ticker,
        coalesce(instruments.asset_class, 'unlisted') as asset_class,
        coalesce(instruments.sector, 'unlisted') as sector,
        instruments.last_close_date,
        cast(
            round(
                entries.quantity
                * coalesce(instruments.last_close * quoted.eur, entries.trade_price * paid.eur)
                * if(instruments.asset_class = 'bond', 0.01, 1.00),
                2
            ) as decimal(18, 2)
        ) as market_value_eur,
        cast(
            round(
                entries.quantity * entries.trade_price * paid.eur
                * if(instruments.asset_class = 'bond', 0.01, 1.00),
                2
            ) as decimal(18, 2)
        ) as cost_eur
    from entries
    inner join rates as paid on paid.currency = entries.currency
    left join instruments on instruments.instrument_id = entries.instrument_id
    left join rates as quoted on quoted.currency = instruments.currency
    where entries.is_open
)
{%- endmacro %}
