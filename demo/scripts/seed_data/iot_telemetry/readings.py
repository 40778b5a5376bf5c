"""What the sensors measured: two samples a day from connected ones, now and then one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from seed_data.dice import Dice
from seed_data.iot_telemetry.faults import SAMPLES, Fault
from seed_data.iot_telemetry.plant import Sensor

WINDOW_START = datetime(2025, 6, 16, 5)
BETWEEN_SAMPLES = timedelta(hours=12)
WINDOW_END = WINDOW_START + SAMPLES * BETWEEN_SAMPLES


@dataclass(frozen=True)
class Reading:
    """One measurement; ``value`` is in hundredths of the kind's own unit, None when the sensor had none."""

    sensor: Sensor
    measured_at: datetime
    received_at: datetime
    value: int | None
    by_hand: bool = False


def sample_time(sample: int) -> datetime:
    return WINDOW_START + sample * BETWEEN_SAMPLES


def invent_samples(
    dice: Dice, count: int, sensors: list[Sensor], faults: Mapping[str, Fault]
) -> list[Reading]:
    """``count`` samples of the connected sensors: what a dead sensor or the radio lost is not among them."""
    sent = [
        reading
        for sensor in sensors
        if sensor.connected
        for reading in _samples(dice, sensor, faults.get(sensor.id))
    ]
    return dice.some(sent, count)


def _samples(dice: Dice, sensor: Sensor, fault: Fault | None) -> list[Reading]:
    phase = timedelta(seconds=dice.between(0, 3000))
    frozen = sensor.level + _noise(dice, sensor)
    readings = []
    for sample in range(SAMPLES):
        at = sample_time(sample) + phase + timedelta(seconds=dice.between(0, 59))
        value = sensor.level + _noise(dice, sensor) + (sensor.noise if sample % 2 else 0)
        unheard = 2.5
        if fault and fault.holds(sample):
            if fault.kind == "dead":
                continue
            if fault.kind in ("stuck", "hangs"):
                value, unheard = frozen, 9.0
            else:
                value += _effect(dice, sensor, fault, sample)
        received_at = at + timedelta(seconds=dice.between(2, 90))
        readings.append(Reading(sensor, at, received_at, None if dice.chance(unheard) else value))
    return readings


def _noise(dice: Dice, sensor: Sensor) -> int:
    """Bell-shaped, nearly always within twice ``sensor.noise``."""
    return sum(dice.between(-sensor.noise, sensor.noise) for _ in range(3))


def _effect(dice: Dice, sensor: Sensor, fault: Fault, sample: int) -> int:
    age = sample - fault.begins + 1
    span = sensor.high - sensor.low
    if fault.kind == "drift":
        return span * fault.strength * age // (100 * (SAMPLES - fault.begins))
    if fault.kind == "wear":  # slowly at first
        return sensor.level * fault.strength * age * age // (100 * (SAMPLES - fault.begins) ** 2)
    if not dice.chance(22):
        return 0
    reach = span * dice.between(fault.strength, 5 * fault.strength) // 100
    return reach if dice.chance(70) else -reach


def invent_rounds(dice: Dice, count: int, sensors: list[Sensor]) -> list[Reading]:
    """``count`` readings taken by hand from sensors that are not connected, by day."""
    chosen = dice.some([sensor for sensor in sensors if not sensor.connected], count)
    return [_by_hand(dice, sensor) for sensor in chosen]


def _by_hand(dice: Dice, sensor: Sensor) -> Reading:
    day = dice.moment(WINDOW_START, WINDOW_END - timedelta(days=1)).replace(hour=0, minute=0, second=0)
    at = day + timedelta(minutes=dice.between(7 * 60, 17 * 60))
    received_at = at + timedelta(minutes=dice.between(20, 300))
    return Reading(sensor, at, received_at, sensor.level + _noise(dice, sensor), by_hand=True)
