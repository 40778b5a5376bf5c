-- Two ways to the same sum.
select by_month.revenue as by_month, by_customer.revenue as by_customer
from (select sum(revenue) as revenue from {{ ref('monthly_revenue') }}) as by_month
cross join (select sum(revenue) as revenue from {{ ref('customers') }}) as by_customer
where by_month.revenue is distinct from by_customer.revenue
