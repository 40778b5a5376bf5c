-- Diversification never adds risk, beyond a cent of rounding for each instrument.
select portfolio_id, var_95_eur, var_99_eur, diversification_benefit_eur
from {{ ref('mart_risk_dashboard') }}
where var_95_eur < 0
    or var_99_eur < var_95_eur
    or diversification_benefit_eur < -0.01 * instruments
    or expected_shortfall_eur < historical_var_95_eur
