-- One row per customer who ever asked: how often, how long it took, how it went.

-- Mails carry an address only, perhaps one the customer no longer has: every version's address counts.
with addresses as (
    select {{ tidy('email') }} as email, min(customer_id) as customer_id
    from {{ ref('stg_crm_customers') }}
    where {{ tidy('email') }} is not null
    group by 1
),

-- A survey answer is one to five; a ticket resolved before it was opened tells no duration.
tickets as (
    select
        coalesce(tickets.customer_id, addresses.customer_id) as customer_id,
        tickets.opened_at,
        tickets.resolved_at is null as is_open,
        {{ tidy('tickets.priority') }} = 'urgent' as is_urgent,
        case
            when tickets.resolved_at >= tickets.opened_at
                then date_diff('second', tickets.opened_at, tickets.resolved_at)
        end as resolution_seconds,
        case when tickets.satisfaction between 1 and 5 then tickets.satisfaction end as satisfaction
    from {{ ref('stg_support_tickets') }} as tickets
    left join addresses on addresses.email = {{ tidy('tickets.requester_email') }}
)

select
    customer_id,
    count(*) as total_tickets,
    count(*) filter (is_open) as open_tickets,
    count(*) filter (is_urgent) as urgent_tickets,
    {{ average('sum(resolution_seconds)', '3600 * count(resolution_seconds)') }} as average_resolution_hours,
    {{ average('sum(satisfaction)', 'count(satisfaction)') }} as average_satisfaction,
    max(opened_at) as last_ticket_at
from tickets
where customer_id is not null
group by customer_id
