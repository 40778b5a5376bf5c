"""Write the demo's seeds: the same scale gives the same bytes, on any machine.

python demo/scripts/generate_seeds.py --scale medium --product customer-360
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from seed_data import customer_360, financial_risk, iot_telemetry
from seed_data.table import Table

DEMO = Path(__file__).resolve().parent.parent
SCALES = {"small": 1, "medium": 10, "large": 100}
PRODUCTS: Mapping[str, Callable[[int], list[Table]]] = {
    "customer-360": customer_360.tables,
    "financial-risk": financial_risk.tables,
    "iot-telemetry": iot_telemetry.tables,
}


def generate(product: str, scale: str, out: Path) -> list[Path]:
    """Write the product's seeds into ``out/<product>/seeds`` and return their paths."""
    folder = out / product / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    return [table.write(folder) for table in PRODUCTS[product](SCALES[scale])]


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    scale = arguments.scale or os.environ.get("FLOE_DEMO_SEED_SCALE") or "small"
    if scale not in SCALES:
        parser.error(f"FLOE_DEMO_SEED_SCALE is '{scale}': it can be {', '.join(SCALES)}")
    for product in [arguments.product] if arguments.product else PRODUCTS:
        for path in generate(product, scale, arguments.out):
            print(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write the demo's seeds.")
    parser.add_argument("--scale", choices=SCALES, help="default: $FLOE_DEMO_SEED_SCALE, or small")
    parser.add_argument("--product", choices=PRODUCTS, help="default: all of them")
    parser.add_argument("--out", type=Path, default=DEMO, help="the folder that holds the products")
    return parser


if __name__ == "__main__":
    main()
