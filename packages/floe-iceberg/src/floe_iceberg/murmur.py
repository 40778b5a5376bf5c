"""Murmur3 (x86, 32 bits, seed 0) in SQL: what Iceberg's buckets are made of, and DuckDB has not.

Each function gives columns to add one after the other, and the name of the one that holds the hash, as
UBIGINT. Numbers below 2**32 multiply without overflow in 64 bits.
"""

from __future__ import annotations

Steps = list[tuple[str, str]]

_MASK = 0xFFFFFFFF
_C1, _C2, _C3 = 0xCC9E2D51, 0x1B873593, 0xE6546B64
_F1, _F2 = 0x85EBCA6B, 0xC2B2AE35


def of_long(value: str, prefix: str) -> tuple[Steps, str]:
    """Of a BIGINT's eight bytes, the lowest first."""
    word, high = f"{prefix}_word", f"{prefix}_high"
    steps = [(word, f"({value} & {_MASK})::UBIGINT"), (high, f"(({value} >> 32) & {_MASK})::UBIGINT")]
    steps += _block(word, "0::UBIGINT", f"{prefix}_a")
    steps += _block(high, f"{prefix}_a", f"{prefix}_b")
    return _finished(steps, f"{prefix}_b", "8", prefix)


def of_bytes(hexadecimal: str, prefix: str) -> tuple[Steps, str]:
    """Of bytes written as two digits each."""
    text, size, body = f"{prefix}_hex", f"{prefix}_size", f"{prefix}_body"
    rest, tail = f"{prefix}_rest", f"{prefix}_tail"
    blocks = f"list_transform(range({size} // 4), i -> {_number(text, '8 * i', 4)})"
    last = f"({_number(rest, '0', 3)} * {_C1}) & {_MASK}"
    mixed = f"list_transform({blocks}, k -> {_spread(f'(k * {_C1}) & {_MASK}')})"
    steps = [
        (text, hexadecimal),
        (size, f"length({text}) // 2"),
        (body, f"list_reduce(list_concat([0::UBIGINT], {mixed}), (a, k) -> {_stirred('xor(a, k)')})"),
        (rest, f"substr({text}, 8 * ({size} // 4) + 1)"),
        (tail, f"xor({body}, {_spread(last)})"),
    ]
    return _finished(steps, tail, f"{size}::UBIGINT", prefix)


def _number(text: str, start: str, size: int) -> str:
    """The bytes from the digit ``start`` on as a number, the lowest first; those beyond the end are 0."""
    digits = " || ".join(f"substr({text}, {start} + {2 * byte + 1}, 2)" for byte in reversed(range(size)))
    return f"('0x0' || {digits})::UBIGINT"


def _block(word: str, hashed: str, name: str) -> Steps:
    spread = f"{name}_spread"
    return [
        (spread, f"({word} * {_C1}) & {_MASK}"),
        (f"{name}_mixed", f"xor({hashed}, {_spread(spread)})"),
        (name, _stirred(f"{name}_mixed")),
    ]


def _spread(multiplied: str) -> str:
    return f"({_rotated(multiplied, 15)} * {_C2}) & {_MASK}"


def _stirred(mixed: str) -> str:
    return f"({_rotated(mixed, 13)} * 5 + {_C3}) & {_MASK}"


def _rotated(value: str, by: int) -> str:
    return f"(((({value}) << {by}) & {_MASK}) | (({value}) >> {32 - by}))"


def _finished(steps: Steps, hashed: str, size: str, prefix: str) -> tuple[Steps, str]:
    one, two, three, end = (f"{prefix}_{name}" for name in ("one", "two", "three", "hash"))
    steps = [
        *steps,
        (one, f"xor({hashed}, {size})"),
        (two, f"(xor({one}, {one} >> 16) * {_F1}) & {_MASK}"),
        (three, f"(xor({two}, {two} >> 13) * {_F2}) & {_MASK}"),
        (end, f"xor({three}, {three} >> 16)"),
    ]
    return steps, end
