"""The reference of the simulated fluid flow: a file with the exact flow."""

import numpy as np
import pytest

from ncl_deepxde.cli import main
from ncl_deepxde.problems.fluid_flow.reference import compute, describe, exact
from ncl_deepxde.problems.fluid_flow.settings import SampledGrid


def test_reference_file_holds_the_exact_flow(tmp_path):
    path = tmp_path / "reference.npz"
    compute(SampledGrid(n=32, dt=0.5), path)
    with np.load(path) as data:
        np.testing.assert_allclose(data["times"], [0, 0.5, 1, 1.2])
        state = exact(data["points"], 1.2)
        # Written in float32.
        np.testing.assert_allclose(data["rho"][-1], state["rho"], atol=1e-7)
        assert data["u"].shape == (4, 32 * 32, 2)
    facts = describe(path)
    assert facts["mass"] == pytest.approx(1.0, abs=1e-3)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="damaged"):
        describe(path)


def test_command_writes_a_file_of_any_name(tmp_path, capsys):
    path = tmp_path / "flow.dat"
    words = ["reference", "fluid-flow", "--n", "8", "--dt", "0.6", "--out", str(path)]
    assert main(words) == 0
    with np.load(path) as data:
        assert data["rho"].shape == (3, 64, 1)
    assert main([*words, "--n", "0"]) == 2
    assert "reference.n" in capsys.readouterr().err
