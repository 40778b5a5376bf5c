"""Identifiers as the standards make them, in ranges nobody was given."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SCATTER = 0x9E3779B97F4A7C15


def isin(country: str, number: int) -> str:
    """An ISO 6166 securities number: country, nine characters, a Luhn check digit."""
    body = f"{country}FL{number:07}"
    doubled = [
        int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(_digits(body)))
    ]
    return f"{body}{-sum(sum(divmod(value, 10)) for value in doubled) % 10}"


def lei(number: int) -> str:
    """An ISO 17442 legal entity identifier: 18 characters and two check digits, modulo 97."""
    body = f"FLOE00{_base36(number * _SCATTER % 36**12):0>12}"
    return f"{body}{98 - int(_digits(body) + '00') % 97:02}"


def _digits(text: str) -> str:
    """Letters as numbers from 10 to 35."""
    return "".join(str(_ALPHABET.index(letter)) for letter in text)


def _base36(number: int) -> str:
    return (_base36(number // 36) if number >= 36 else "") + _ALPHABET[number % 36]
