"""Arithmetic without floats: fractions, rounded only where a rule rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction


def total(numbers: Iterable[Fraction]) -> Fraction:
    return sum(numbers, Fraction())


def covariance(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """Of a sample: by the deviations from the means, divided by one less than their number."""
    means = total(left) / len(left), total(right) / len(right)
    products = ((a - means[0]) * (b - means[1]) for a, b in zip(left, right, strict=True))
    return total(products) / (len(left) - 1)


def root(square: Fraction) -> Fraction:
    digits = Context(prec=50)
    return Fraction(digits.sqrt(digits.divide(Decimal(square.numerator), Decimal(square.denominator))))


def nearest(number: Fraction | int, digits: int) -> Fraction:
    """To ``digits`` decimals, halves away from zero."""
    scaled = abs(Fraction(number)) * 10**digits
    whole = int(scaled + Fraction(1, 2))
    return Fraction(whole if number > 0 else -whole, 10**digits)


def decimal(number: Fraction | int, digits: int) -> Decimal:
    rounded = nearest(number, digits)
    return Decimal(rounded.numerator) / Decimal(rounded.denominator)
