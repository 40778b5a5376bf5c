"""Numbers as the sensors write them: hundredths of a kind's own unit, in whichever unit they speak."""

from __future__ import annotations

OWN_UNIT = {"temperature": "°C", "vibration": "mm/s", "pressure": "bar", "current": "A", "speed": "rpm"}
OTHER_UNIT = {"°C": "°F", "°F": "°C", "bar": "psi", "psi": "bar", "kPa": "bar"}
SPELLINGS = {
    "°C": ["°C", "°C", "°C", "C", "degC"],
    "°F": ["°F", "°F", "F", "degF"],
    "mm/s": ["mm/s", "mm/s", "mm/s", "MM/S"],
    "in/s": ["in/s", "ips"],
    "bar": ["bar", "bar", "Bar"],
    "psi": ["psi", "PSI"],
    "kPa": ["kPa"],
    "A": ["A"],
    "rpm": ["rpm", "rpm", "1/min", "U/min"],
}


def written(hundredths: int, unit: str) -> str:
    """``hundredths`` of the kind's own unit, as a number in ``unit``."""
    if unit == "°F":
        return _decimal((hundredths * 18 + 5) // 10 + 3200, places=2)
    if unit == "psi":
        return _decimal(hundredths * 145037738 // 10**7, places=2)
    if unit == "kPa":
        return str(hundredths)
    if unit == "in/s":
        return _decimal(hundredths * 1000 // 2540, places=3)
    if unit == "rpm":
        return str(hundredths // 100)
    return _decimal(hundredths, places=2)


def _decimal(number: int, *, places: int) -> str:
    whole, rest = divmod(abs(number), 10**places)
    return f"{'-' if number < 0 else ''}{whole}.{rest:0{places}}"
