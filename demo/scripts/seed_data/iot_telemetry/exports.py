"""The register's, the gateways' and the workshop's exports: true rows, and what is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from seed_data.dice import Dice
from seed_data.iot_telemetry.faults import SAMPLES
from seed_data.iot_telemetry.maintenance import Order
from seed_data.iot_telemetry.plant import Sensor
from seed_data.iot_telemetry.readings import Reading, sample_time
from seed_data.iot_telemetry.units import OTHER_UNIT, SPELLINGS, written
from seed_data.table import Table

SENSOR_COLUMNS = (
    "sensor_id, machine_id, machine_type, maker, site, line, kind, unit, range_low, range_high, calibrated_on"
)
READING_COLUMNS = "reading_id, sensor_id, measured_at, received_at, value, unit, source"
ORDER_COLUMNS = "order_id, machine_id, kind, reported_at, completed_at, technician, note"

_OUTAGE_SAMPLES = 4
_EPOCH = datetime(1970, 1, 1)
_SHORT = {"temperature": "temp", "vibration": "vib", "pressure": "press"}
_ALSO_CALLED = {"preventive": "PM", "repair": "Reparatur", "inspection": "insp."}


def sensor_rows(dice: Dice, sensors: list[Sensor]) -> Table:
    """The register: a sensor's range is in the unit it is registered in."""
    return Table("raw_sensors", SENSOR_COLUMNS, [_sensor_row(dice, sensor) for sensor in sensors])


def _sensor_row(dice: Dice, sensor: Sensor) -> list[str]:
    machine = sensor.machine
    kind = _SHORT.get(sensor.kind, sensor.kind) if dice.chance(8) else sensor.kind
    return [
        sensor.id,
        machine.id,
        _untidy(dice, machine.type, percent=10),
        machine.maker,
        machine.site,
        machine.line,
        _untidy(dice, kind, percent=12),
        sensor.unit,
        written(sensor.low, sensor.unit),
        written(sensor.high, sensor.unit),
        str(sensor.calibrated),
    ]


def reading_rows(
    dice: Dice, readings: list[Reading], *, doubled: int, corrected: int, repeated: int
) -> Table:
    """In the order of arrival.

    What a gateway thinks lost comes ``doubled``, under another id; what was ``corrected`` comes again
    under its own; and some rows are ``repeated`` for no reason.
    """
    received = _through_gateways(dice, readings)
    received += [_sent_again(dice, reading) for reading in dice.some(received, doubled)]
    received.sort(key=lambda reading: (reading.measured_at, reading.sensor.id, reading.received_at))
    numbered = [(f"R{number + 1:07}", reading) for number, reading in enumerate(received)]
    sound = [(id_, reading) for id_, reading in numbered if reading.value is not None]
    numbered += [(id_, _corrected(dice, reading)) for id_, reading in dice.some(sound, corrected)]
    numbered.sort(key=lambda arrival: (arrival[1].received_at, arrival[0]))
    rows = [_reading_row(dice, *arrival) for arrival in numbered]
    return Table("raw_readings", READING_COLUMNS, _repeated(dice, rows, repeated))


def _through_gateways(dice: Dice, readings: list[Reading]) -> list[Reading]:
    """A gateway that is cut off keeps the readings of its line and delivers them when it is back."""
    lines = sorted({reading.sensor.machine.line for reading in readings})
    back = {
        line: sample_time(dice.between(_OUTAGE_SAMPLES, SAMPLES - 1)) + timedelta(hours=6)
        for line in dice.some(lines, len(lines) // 5)
    }
    return [_late(reading, back) for reading in readings]


def _late(reading: Reading, back: Mapping[str, datetime]) -> Reading:
    """``back`` says when the gateways of which lines were connected again."""
    until = back.get(reading.sensor.machine.line)
    if reading.by_hand or until is None:
        return reading
    if not timedelta() < until - reading.measured_at < timedelta(hours=12 * _OUTAGE_SAMPLES):
        return reading
    return replace(reading, received_at=until + (reading.received_at - reading.measured_at))


def _sent_again(dice: Dice, reading: Reading) -> Reading:
    """The gateway averages its last minute anew, so that the value may be a little different."""
    value = None if reading.value is None else reading.value + dice.between(-1, 1) * reading.sensor.noise
    received_at = reading.received_at + timedelta(seconds=dice.between(30, 900))
    return replace(reading, value=value, received_at=received_at)


def _corrected(dice: Dice, reading: Reading) -> Reading:
    value = (reading.value or 0) + dice.between(1, 3) * reading.sensor.noise
    received_at = reading.received_at + timedelta(minutes=dice.between(600, 2000))
    return replace(reading, value=value, received_at=received_at)


def _reading_row(dice: Dice, reading_id: str, reading: Reading) -> list[str]:
    unit, told = _unit(dice, reading.sensor)
    value = dice.pick(["", " N/A ", "NaN", "-999", "-999.00"])
    if reading.value is not None:
        value = written(reading.value, unit)
    measured_at = reading.measured_at
    if reading.by_hand:
        value = value.replace(".", ",") if dice.chance(40) else value
    elif dice.chance(0.4):  # a gateway that has just started and does not know the time yet
        measured_at = _EPOCH + timedelta(seconds=dice.between(5, 300))
    return [
        reading_id,
        _untidy(dice, reading.sensor.id, percent=20) if reading.by_hand else reading.sensor.id,
        str(measured_at),
        str(reading.received_at),
        value,
        told,
        "handheld" if reading.by_hand else "gateway",
    ]


def _unit(dice: Dice, sensor: Sensor) -> tuple[str, str]:
    """The unit of a reading, and how it is told: now and then another than the register's, or not at all."""
    if dice.chance(4):
        return sensor.unit, ""
    unit = OTHER_UNIT.get(sensor.unit, sensor.unit) if dice.chance(7) else sensor.unit
    return unit, dice.pick(SPELLINGS[unit])


def order_rows(dice: Dice, orders: list[Order], *, repeated: int) -> Table:
    """The workshop's book, typed by those who mended the machine."""
    rows = [_order_row(dice, number, order) for number, order in enumerate(orders)]
    return Table("raw_maintenance_log", ORDER_COLUMNS, _repeated(dice, rows, repeated))


def _order_row(dice: Dice, number: int, order: Order) -> list[str]:
    kind = _ALSO_CALLED.get(order.kind, order.kind) if dice.chance(12) else order.kind
    completed_at = order.completed_at
    if completed_at and dice.chance(5):  # somebody wrote the wrong day
        completed_at = order.reported_at - timedelta(minutes=dice.between(30, 2000))
    return [
        f"W{number + 1:05}",
        _untidy(dice, order.machine.id, percent=15),
        _untidy(dice, kind, percent=15),
        str(order.reported_at),
        str(completed_at) if completed_at else dice.pick(["", "", " N/A "]),
        order.technician,
        order.note,
    ]


def _repeated(dice: Dice, rows: list[list[str]], count: int) -> list[list[str]]:
    """``rows``, with ``count`` of them delivered twice."""
    repeated = list(rows)
    for index in reversed(dice.some(range(len(rows)), count)):
        repeated.insert(index, rows[index])
    return repeated


def _untidy(dice: Dice, text: str, *, percent: float) -> str:
    """``text``, or in ``percent`` of the cases with other letters or blanks around it."""
    if not dice.chance(percent):
        return text
    return dice.pick([text.upper(), text.lower(), f" {text}", f"{text.capitalize()} "])
