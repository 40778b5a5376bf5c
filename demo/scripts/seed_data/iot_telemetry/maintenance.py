"""The work orders: a year of routine, and what followed the faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from seed_data.dice import Dice, Weighted
from seed_data.iot_telemetry.faults import Fault
from seed_data.iot_telemetry.plant import Machine, Sensor
from seed_data.iot_telemetry.readings import WINDOW_START, sample_time

YEAR_START = datetime(2024, 7, 1, 6)

_ROUTINE = Weighted([("preventive", 46), ("inspection", 26), ("calibration", 14), ("repair", 14)])
_HOURS = {"preventive": 8, "inspection": 2, "calibration": 3, "repair": 30, "replacement": 4}
_TECHNICIANS = ["A. Horváth", "B. Wójcik", "C. Steiner", "D. Nováková", "E. O'Dowd", "external"]
_ANSWERS = {
    "drift": ("calibration", "reads too high, recalibrated"),
    "stuck": ("replacement", "sensor frozen, replaced"),
    "dead": ("replacement", "no signal, replaced"),
    "spikes": ("repair", "loose plug, 'wiggles', fastened"),
    "wear": ("repair", "bearing loud, hot, exchanged"),
}
_NOTES = {
    "preventive": ["oil, filters, belts", "according to plan", "Wartung nach Plan"],
    "inspection": ["nothing found", "looks fine, sounds fine", ""],
    "calibration": ["within tolerance", "adjusted"],
    "repair": ["seal leaking", "belt torn", "fuse, twice", "hydraulic hose"],
}


@dataclass(frozen=True)
class Order:
    """A work order; one that nobody finished yet has no ``completed_at``."""

    machine: Machine
    kind: str
    reported_at: datetime
    completed_at: datetime | None
    technician: str
    note: str


def invent_orders(
    dice: Dice, count: int, machines: list[Machine], sensors: list[Sensor], faults: Mapping[str, Fault]
) -> list[Order]:
    """``count`` work orders, in the order in which they were reported."""
    after = _after_faults(dice, sensors, faults)
    cared_for = dice.some(machines, len(machines) * 19 // 20)  # of some nobody ever wrote a line
    routine = [_routine(dice, dice.pick(cared_for)) for _ in range(count - len(after))]
    return sorted([*after, *routine], key=lambda order: (order.reported_at, order.machine.id))


def _after_faults(dice: Dice, sensors: list[Sensor], faults: Mapping[str, Fault]) -> list[Order]:
    """What was mended, and some of what was only reported; a worn machine is one order, not two."""
    troubles = {
        (sensor.machine.id, fault.kind): (sensor.machine, fault)
        for sensor in sensors
        if (fault := faults.get(sensor.id)) and fault.noticed
    }
    return [
        _after_fault(dice, machine, fault)
        for machine, fault in troubles.values()
        if fault.ends is not None or dice.chance(70)
    ]


def _after_fault(dice: Dice, machine: Machine, fault: Fault) -> Order:
    kind, note = _ANSWERS[fault.kind]
    noticed = sample_time(fault.noticed or 0) + timedelta(minutes=dice.between(65, 500))
    mended_at = None
    if fault.ends is not None:
        mended_at = sample_time(fault.ends) - timedelta(minutes=dice.between(5, 120))
    return Order(
        machine=machine,
        kind=kind,
        reported_at=noticed,
        completed_at=mended_at,
        technician=dice.pick(_TECHNICIANS),
        note=note if mended_at else f"{note.split(',')[0]}, part ordered",
    )


def _routine(dice: Dice, machine: Machine) -> Order:
    kind = dice.weighted(_ROUTINE)
    opened = datetime.combine(machine.installed, YEAR_START.time())
    at = dice.moment(max(YEAR_START, opened), WINDOW_START - timedelta(days=2))
    open_still = at > WINDOW_START - timedelta(days=60) and dice.chance(10)
    return Order(
        machine=machine,
        kind=kind,
        reported_at=at,
        completed_at=None if open_still else at + timedelta(minutes=dice.between(20, _HOURS[kind] * 60)),
        technician=dice.pick(_TECHNICIANS),
        note=dice.pick(_NOTES[kind]),
    )
