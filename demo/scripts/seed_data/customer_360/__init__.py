"""A shop on five markets: who its customers are, what they buy and what they complain about."""

from __future__ import annotations

from seed_data.customer_360.customers import invent_customers
from seed_data.customer_360.exports import customer_rows, ticket_rows, transaction_rows
from seed_data.customer_360.tickets import invent_tickets
from seed_data.customer_360.transactions import invent_transactions
from seed_data.dice import Dice
from seed_data.table import Table

CUSTOMERS, CHANGED_CUSTOMERS = 480, 20
TRANSACTIONS, CHANGED_TRANSACTIONS, REPEATED_TRANSACTIONS = 960, 30, 10
TICKETS = 300


def tables(factor: int) -> list[Table]:
    """The product's seeds; ``factor`` multiplies the number of rows."""
    dice = Dice(f"customer-360 x {factor}")
    customers = invent_customers(dice, CUSTOMERS * factor, changed=CHANGED_CUSTOMERS * factor)
    transactions = invent_transactions(dice, TRANSACTIONS * factor, customers)
    tickets = invent_tickets(dice, TICKETS * factor, customers, transactions)
    return [
        customer_rows(dice, customers),
        transaction_rows(
            dice,
            transactions,
            changed=CHANGED_TRANSACTIONS * factor,
            repeated=REPEATED_TRANSACTIONS * factor,
        ),
        ticket_rows(dice, tickets),
    ]
