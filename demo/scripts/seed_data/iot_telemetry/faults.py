"""What goes wrong with sensors and machines, and when somebody mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seed_data.dice import Dice, Weighted
from seed_data.iot_telemetry.plant import Sensor

SAMPLES = 20

# How many of 48 connected sensors, and with which samples it may begin: spikes are a loose contact that
# comes and goes all the time. A worn bearing shows in all connected sensors of its machine.
_FAULTS = [
    ("drift", 3, 4, 9),
    ("stuck", 3, 4, 10),
    ("hangs", 6, 2, 14),
    ("spikes", 7, 1, 1),
    ("dead", 4, 11, 17),
]
_HANGS = [4, 5]  # samples
_WORN_MACHINES = 3
_MENDED = Weighted([(True, 55), (False, 45)])


@dataclass(frozen=True)
class Fault:
    """Something that begins with one sample and ends, mended by somebody or by itself, before another.

    ``strength`` is in percent of the sensor's range, of its level for a worn machine.
    """

    kind: str
    begins: int
    ends: int | None
    strength: int

    @property
    def noticed(self) -> int | None:
        """The sample after which somebody writes a work order, if it lasts that long."""
        sample = self.begins + 4
        return sample if sample < SAMPLES and self.kind != "hangs" else None

    def holds(self, sample: int) -> bool:
        return self.begins <= sample and (self.ends is None or sample < self.ends)


def invent_faults(dice: Dice, sensors: list[Sensor], factor: int) -> Mapping[str, Fault]:
    """The faults by sensor; no sensor has two."""
    connected = [sensor for sensor in sensors if sensor.connected]
    machines = sorted({sensor.machine.id for sensor in connected})
    worn = {
        machine: _fault(dice, "wear", begins=dice.between(8, 12))
        for machine in dice.some(machines, _WORN_MACHINES * factor)
    }
    faults = {sensor.id: worn[sensor.machine.id] for sensor in connected if sensor.machine.id in worn}
    for kind, count, earliest, latest in _FAULTS:
        healthy = [sensor.id for sensor in connected if sensor.id not in faults]
        for sensor in dice.some(healthy, count * factor):
            faults[sensor] = _fault(dice, kind, begins=dice.between(earliest, latest))
    return faults


def _fault(dice: Dice, kind: str, *, begins: int) -> Fault:
    if kind == "hangs":
        return Fault(kind, begins, begins + dice.pick(_HANGS), strength=0)
    soonest = begins + 6
    mended = dice.between(soonest, SAMPLES - 1) if soonest < SAMPLES and dice.weighted(_MENDED) else None
    return Fault(
        kind=kind,
        begins=begins,
        ends=mended,
        strength=dice.between(45, 70) if kind == "wear" else dice.between(18, 32),
    )
