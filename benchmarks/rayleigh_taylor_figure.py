"""Draw the Rayleigh-Taylor flow that benchmarks/flow_reference.py wrote.

python benchmarks/rayleigh_taylor_figure.py rt.npz [docs/rayleigh_taylor.png]
"""

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from reference_fem import load

SHOWN = (1.0, 1.5, 1.75, 2.0, 2.25, 2.5)
SCALE = 2**0.5
"""Time unit (d / (A g))^(1/2) with A = 1/2."""


def draw(source: Path, target: Path) -> None:
    """Draw the density at the published times, both halves of the width."""
    found = load(source)
    x, y = np.linspace(-0.5, 0.5, 121), np.linspace(-1.6, 1.2, 337)
    points = np.stack(np.meshgrid(abs(x), y), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(1, len(SHOWN), figsize=(11, 5.6), sharey=True)
    for axis, time in zip(axes, SHOWN, strict=True):
        rho = found.evaluate(points, SCALE * time)["rho"].reshape(len(y), len(x))
        image = axis.pcolormesh(
            x, y, rho, vmin=1, vmax=3, cmap="viridis", rasterized=True
        )
        axis.contour(x, y, rho, levels=[2], colors="white", linewidths=0.8)
        axis.set(title=f"t = {time:g}", aspect="equal", xlabel="x", xticks=[0])
    axes[0].set_ylabel("y")
    figure.colorbar(
        image, ax=axes, label="density", shrink=0.8, extend="both", pad=0.02
    )
    figure.savefig(target, dpi=110, bbox_inches="tight")


def main() -> None:
    """Draw what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="npz file of the flow")
    parser.add_argument(
        "target", type=Path, nargs="?", default=Path("docs/rayleigh_taylor.png")
    )
    options = parser.parse_args()
    draw(options.source, options.target)


if __name__ == "__main__":
    main()
