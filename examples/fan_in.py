"""Sense margins of in-memory AND and OR against fan-in: five campaigns and one picture.

python examples/fan_in.py --out out/fan-in [--trials 4000]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from montecarlo import Campaign
from montecarlo.plots import plot_margins_against

FAN_INS = (2, 3, 4, 5, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/fan-in"))
    parser.add_argument("--trials", type=int, default=4000)
    options = parser.parse_args()
    folders = []
    for fan_in in FAN_INS:
        folder = options.out / str(fan_in)
        result = Campaign("sot-logic", trials=options.trials, seed=1, parameters={"fan_in": fan_in}).run(folder)
        margins = result.margins
        print(
            f"fan-in {fan_in}: worst AND {margins['and']['worst'] * 1e3:+7.2f} mV, OR {margins['or']['worst'] * 1e3:+7.2f} mV;"
            f" error rate AND {margins['and']['error_rate']:.2g}, OR {margins['or']['error_rate']:.2g}"
        )
        folders.append(folder)
    print("plot:", plot_margins_against(folders, "fan_in", "fan-in (cells sensed together)", options.out / "fan_in.png"))


if __name__ == "__main__":  # worker processes import this file
    main()
