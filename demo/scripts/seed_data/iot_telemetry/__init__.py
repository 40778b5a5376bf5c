"""A maker of parts with a few halls: its machines, what their sensors say and who mends them."""

from __future__ import annotations

from seed_data.dice import Dice
from seed_data.iot_telemetry.exports import order_rows, reading_rows, sensor_rows
from seed_data.iot_telemetry.faults import invent_faults
from seed_data.iot_telemetry.maintenance import invent_orders
from seed_data.iot_telemetry.plant import invent_machines, invent_sensors
from seed_data.iot_telemetry.readings import invent_rounds, invent_samples
from seed_data.table import Table

MACHINES, CONNECTED_MACHINES = 40, 24
SAMPLES, BY_HAND = 900, 60
DOUBLED_READINGS, CORRECTED_READINGS, REPEATED_READINGS = 12, 10, 18
ORDERS, REPEATED_ORDERS = 97, 3


def tables(factor: int) -> list[Table]:
    """The product's seeds; ``factor`` multiplies the number of machines, and with them of all rows."""
    dice = Dice(f"iot-telemetry x {factor}")
    machines = invent_machines(dice, MACHINES * factor, connected=CONNECTED_MACHINES * factor)
    sensors = invent_sensors(dice, machines)
    faults = invent_faults(dice, sensors, factor)
    samples = invent_samples(dice, SAMPLES * factor, sensors, faults)
    rounds = invent_rounds(dice, BY_HAND * factor, sensors)
    orders = invent_orders(dice, ORDERS * factor, machines, sensors, faults)
    return [
        sensor_rows(dice, sensors),
        reading_rows(
            dice,
            [*samples, *rounds],
            doubled=DOUBLED_READINGS * factor,
            corrected=CORRECTED_READINGS * factor,
            repeated=REPEATED_READINGS * factor,
        ),
        order_rows(dice, orders, repeated=REPEATED_ORDERS * factor),
    ]
