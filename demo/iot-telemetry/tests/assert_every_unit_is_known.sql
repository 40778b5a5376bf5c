-- An unknown unit would be taken for the own one.
select reading_id, unit
from {{ ref('stg_readings') }}
where unit is not null
    and {{ tidy_unit('unit') }} not in ('°C', '°F', 'mm/s', 'in/s', 'bar', 'psi', 'kPa', 'A', 'rpm')
