"""The three systems' exports: true rows, and what such systems do to them on the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from seed_data.customer_360.customers import Customer
from seed_data.customer_360.tickets import Ticket
from seed_data.customer_360.transactions import Transaction
from seed_data.dice import Dice
from seed_data.table import Table

CUSTOMER_COLUMNS = (
    "customer_id, full_name, email, country, segment, signup_date, marketing_consent, updated_at"
)
TRANSACTION_COLUMNS = (
    "transaction_id, customer_id, ordered_at, channel, category, product, quantity, unit_price, currency,"
    " status, updated_at"
)
TICKET_COLUMNS = (
    "ticket_id, customer_id, requester_email, opened_at, resolved_at, category, priority, subject,"
    " satisfaction"
)


def customer_rows(dice: Dice, customers: list[Customer]) -> Table:
    """The CRM exports a changed customer a second time, with a later ``updated_at``."""
    versions: list[tuple[datetime, Customer]] = []
    for customer in customers:
        first = datetime.combine(customer.signed_up, time(8, dice.between(0, 59), dice.between(0, 59)))
        versions.append((first, _former(customer)))
        if customer.changed_at:
            versions.append((customer.changed_at, customer))
    versions.sort(key=lambda version: (version[0], version[1].id))
    return Table("raw_customers", CUSTOMER_COLUMNS, [_customer_row(dice, *version) for version in versions])


def _former(customer: Customer) -> Customer:
    return replace(
        customer,
        email=customer.former_email or customer.email,
        segment=customer.former_segment or customer.segment,
    )


def _customer_row(dice: Dice, updated_at: datetime, customer: Customer) -> list[str]:
    country = "UK" if customer.country == "GB" and dice.chance(25) else customer.country
    return [
        customer.id,
        customer.name.replace(" ", "  ", 1) if dice.chance(3) else customer.name,
        _missing(dice, _untidy(dice, customer.email, percent=20), percent=3),
        _untidy(dice, country, percent=8),
        _untidy(dice, customer.segment, percent=15),
        str(customer.signed_up),
        dice.pick(["yes", "Y", "true"] if customer.consent else ["no", "N", "false"]),
        str(updated_at),
    ]


def transaction_rows(dice: Dice, transactions: list[Transaction], *, changed: int, repeated: int) -> Table:
    """In the order of arrival: a changed transaction comes again, and some come twice for no reason."""
    arrivals = {transaction.id: transaction for transaction in transactions}
    settled = [transaction for transaction in transactions if transaction.status != "pending"]
    later = [_settled_later(dice, arrivals, transaction) for transaction in dice.some(settled, changed)]
    in_order = sorted([*arrivals.values(), *later], key=lambda arrival: (arrival.updated_at, arrival.id))
    rows = [_transaction_row(dice, arrival) for arrival in in_order]
    for index in reversed(dice.some(range(len(rows)), repeated)):
        rows.insert(index, rows[index])
    return Table("raw_transactions", TRANSACTION_COLUMNS, rows)


def _settled_later(dice: Dice, arrivals: dict[str, Transaction], transaction: Transaction) -> Transaction:
    """Let the first arrival be pending and return the second one, which says how it ended."""
    arrivals[transaction.id] = replace(transaction, status="pending")
    return replace(
        transaction, updated_at=transaction.updated_at + timedelta(minutes=dice.between(600, 6000))
    )


def _transaction_row(dice: Dice, transaction: Transaction) -> list[str]:
    customer = transaction.customer.id if transaction.customer else dice.pick(["", "", " N/A "])
    status = "canceled" if transaction.status == "cancelled" and dice.chance(50) else transaction.status
    euros, cents = divmod(transaction.unit_price_cents, 100)
    thousands = "," if transaction.channel == "partner" else ""  # 1,299.00 is how the partners write it
    return [
        transaction.id,
        customer,
        str(transaction.ordered_at),
        transaction.channel,
        transaction.category,
        transaction.product,
        _missing(dice, str(transaction.quantity), percent=1),
        f"{euros:{thousands}}.{cents:02}",
        _untidy(dice, transaction.currency, percent=8),
        _untidy(dice, status, percent=15),
        str(transaction.updated_at),
    ]


def ticket_rows(dice: Dice, tickets: list[Ticket]) -> Table:
    """Who writes a mail is known by its address only, perhaps by one it no longer has."""
    return Table("raw_support_tickets", TICKET_COLUMNS, [_ticket_row(dice, ticket) for ticket in tickets])


def _ticket_row(dice: Dice, ticket: Ticket) -> list[str]:
    customer, resolved_at = ticket.customer, ticket.resolved_at
    if resolved_at and dice.chance(1.5):  # a clock that goes wrong
        resolved_at = ticket.opened_at - timedelta(minutes=dice.between(1, 90))
    email = customer.former_email if customer.former_email and dice.chance(40) else customer.email
    return [
        ticket.id,
        "" if dice.chance(30) else customer.id,
        _untidy(dice, email, percent=25),
        str(ticket.opened_at),
        str(resolved_at or ""),
        ticket.category,
        _untidy(dice, ticket.priority, percent=15),
        ticket.subject,
        str(ticket.satisfaction) if ticket.satisfaction else dice.pick(["", "", " N/A ", "0"]),
    ]


def _untidy(dice: Dice, text: str, *, percent: float) -> str:
    """``text``, or in ``percent`` of the cases with other letters or blanks around it."""
    if not dice.chance(percent):
        return text
    return dice.pick([text.upper(), text.title(), f" {text}", f"{text.capitalize()} "])


def _missing(dice: Dice, text: str, *, percent: float) -> str:
    return dice.pick(["", " N/A "]) if dice.chance(percent) else text
