"""The machines and their sensors, as they really are: the mess comes with the exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from seed_data.dice import Dice, Weighted

_MACHINES_ON_A_LINE = 8
_SITES = ["Graz", "Brno", "Győr", "Łódź", "Nürnberg"]
_MAKERS = ["Kappler", "Orsini & Figli", "Nordvik", "Świt", "Brandauer"]
_INSTALLED, _NEWEST = date(2019, 3, 4), date(2025, 3, 3)

# What a type's sensors measure: normal level, noise, lower and upper end of the range they are
# calibrated for; all in hundredths of °C, mm/s, bar, A and rpm. The first two send their readings.
_POINTS = {
    "hydraulic press": {
        "pressure": (18000, 260, 0, 25000),
        "temperature": (5500, 90, 0, 12000),
        "vibration": (280, 14, 0, 2500),
        "current": (4200, 110, 0, 8000),
        "speed": (148000, 500, 0, 300000),
    },
    "CNC mill": {
        "vibration": (190, 11, 0, 2000),
        "temperature": (4800, 70, 0, 12000),
        "pressure": (610, 12, 0, 1000),
        "current": (1800, 60, 0, 4000),
        "speed": (800000, 4000, 0, 1200000),
    },
    "compressor": {
        "vibration": (420, 20, 0, 2500),
        "pressure": (850, 14, 0, 1600),
        "temperature": (8200, 110, 0, 16000),
        "current": (6000, 140, 0, 10000),
        "speed": (295000, 700, 0, 400000),
    },
    "conveyor": {
        "current": (900, 25, 0, 2000),
        "temperature": (3800, 60, -2000, 10000),
        "vibration": (220, 12, 0, 2000),
        "pressure": (550, 10, 0, 1000),
        "speed": (12000, 80, 0, 20000),
    },
    "pump": {
        "pressure": (1200, 22, 0, 2500),
        "vibration": (310, 16, 0, 2500),
        "temperature": (5200, 80, 0, 12000),
        "current": (2400, 70, 0, 5000),
        "speed": (290000, 700, 0, 400000),
    },
}
_UNITS = {
    "temperature": Weighted([("°C", 82), ("°F", 18)]),
    "vibration": Weighted([("mm/s", 92), ("in/s", 8)]),
    "pressure": Weighted([("bar", 80), ("psi", 12), ("kPa", 8)]),
    "current": Weighted([("A", 100)]),
    "speed": Weighted([("rpm", 100)]),
}


@dataclass(frozen=True)
class Machine:
    """A machine; one that is ``connected`` sends the readings of its first two sensors by itself."""

    id: str
    type: str
    maker: str
    site: str
    line: str
    installed: date
    connected: bool


@dataclass(frozen=True)
class Sensor:
    """A sensor with what it reads on a good day, in hundredths of the kind's own unit.

    ``unit`` is the one it reports and is registered in, which need not be the kind's own.
    """

    id: str
    machine: Machine
    kind: str
    unit: str
    level: int
    noise: int
    low: int
    high: int
    connected: bool
    calibrated: date


def invent_machines(dice: Dice, count: int, *, connected: int) -> list[Machine]:
    chosen = set(dice.some(range(count), connected))
    return [_machine(dice, number, number in chosen) for number in range(count)]


def _machine(dice: Dice, number: int, connected: bool) -> Machine:
    line = number // _MACHINES_ON_A_LINE
    return Machine(
        id=f"M{number + 1:04}",
        type=dice.pick(list(_POINTS)),
        maker=dice.pick(_MAKERS),
        site=_SITES[line % len(_SITES)],
        line=f"L{line + 1:03}",
        installed=_INSTALLED + timedelta(days=dice.between(0, (_NEWEST - _INSTALLED).days)),
        connected=connected,
    )


def invent_sensors(dice: Dice, machines: list[Machine]) -> list[Sensor]:
    """Five sensors a machine."""
    points = chain.from_iterable(
        ((machine, kind, place) for place, kind in enumerate(_POINTS[machine.type])) for machine in machines
    )
    return [_sensor(dice, number, *point) for number, point in enumerate(points)]


def _sensor(dice: Dice, number: int, machine: Machine, kind: str, place: int) -> Sensor:
    level, noise, low, high = _POINTS[machine.type][kind]
    return Sensor(
        id=f"S{number + 1:05}",
        machine=machine,
        kind=kind,
        unit=dice.weighted(_UNITS[kind]),
        level=level * dice.between(90, 110) // 100,
        noise=noise,
        low=low,
        high=high,
        connected=machine.connected and place < 2,
        calibrated=max(machine.installed, _NEWEST - timedelta(days=dice.between(0, 500))),
    )
