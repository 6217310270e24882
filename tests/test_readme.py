"""The script in the README runs as printed, and with the one word swapped."""

import os
import re
from pathlib import Path

import pytest
import warm_process

README = Path(__file__).parents[1] / "README.md"


def script() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert "iterations=2000" in found
    return found.replace("iterations=2000", "iterations=3")


@pytest.mark.parametrize("network", ["ncl_deepxde.nn.NCL", "dde.nn.FNN"])
def test_readme_script_runs_with_either_network(network, tmp_path):
    source = script().replace("\nnet = ncl_deepxde.nn.NCL(", f"\nnet = {network}(")
    source += "\nassert rho.shape == (5, 1) and np.isfinite(rho).all()\n"
    # An hour catches what hangs, on a busy machine too.
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = warm_process.run(["-c", source], tmp_path, environment, timeout=3600)
    assert done.returncode == 0, done.stderr
