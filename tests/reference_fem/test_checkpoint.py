"""Checkpoints: a march that was cut goes on to the same numbers; wrong files."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem

STEPS = 7


def density(x):
    return 2 + np.sin(2 * np.pi * x[0]) * np.cos(2 * np.pi * x[1])


def velocity(x):
    s, c = np.sin(2 * np.pi * x), np.cos(2 * np.pi * x)
    return np.stack([s[0] * c[1], -c[0] * s[1]])


@pytest.fixture
def often(monkeypatch):
    from reference_fem import _checkpoint

    monkeypatch.setattr(_checkpoint, "EVERY", 3)


def torus(path, t_end=STEPS * 0.02, **changes):
    import reference_fem

    return reference_fem.torus.solve(
        changes.pop("density", density),
        velocity,
        n=4,
        dt=0.02,
        t_end=t_end,
        save_times=[0.03, 0.1, 0.14],
        progress=changes.pop("progress", False),
        checkpoint=path,
        **changes,
    )


def carried(path):
    from reference_fem import boundary, geometry, transport

    square = geometry.Rectangle((0, 0), (1, 1), 0.5)
    return transport.solve(
        square,
        density,
        lambda x: 0 * x,
        dt=0.02,
        t_end=STEPS * 0.02,
        save_times=3,
        boundary=[(lambda x: x[0] < 9, boundary.NoSlip())],
        diffusivity=0.1,
        progress=False,
        checkpoint=path,
    )


def wall(path):
    from reference_fem import boundary, flow, geometry

    return flow.solve(
        geometry.Polygon([(0, 0), (1, 0.3), (0.3, 1)], 0.4),
        lambda x: 2 + x[0],
        lambda x: 0 * x,
        dt=0.05,
        t_end=STEPS * 0.05,
        save_times=3,
        viscosity=0.01,
        gravity=(0, -1),
        boundary=[(lambda x: x[0] < 9, boundary.FreeSlip())],
        progress=False,
        checkpoint=path,
    )


class Killed(BaseException):
    """A march that is cut."""


def cut_after(monkeypatch, scheme, count):
    """Let a scheme die in the step after some steps."""
    whole = scheme.step

    def step(self, dt, t):
        if self.num_steps == count:
            raise Killed
        whole(self, dt, t)

    monkeypatch.setattr(scheme, "step", step)


def assert_close(found, wanted):
    # multigrid that is made anew differs by round-off
    assert np.abs(found - wanted).max() < 1e-12 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("solve", [torus, wall, carried])
def test_cut_march_goes_on_to_the_same_numbers(solve, tmp_path, monkeypatch, often):
    from reference_fem._carried import CarriedDensity
    from reference_fem._splitting import Splitting

    whole = solve(tmp_path / "whole")
    scheme = CarriedDensity if solve is carried else Splitting
    with monkeypatch.context() as patch:
        cut_after(patch, scheme, 5)
        with pytest.raises(Killed):
            solve(tmp_path / "cut")
    found = solve(tmp_path / "cut")
    for name in ("rho", "u", "p"):
        assert_close(getattr(found, name), getattr(whole, name))
    assert found.diagnostics.keys() == whole.diagnostics.keys()
    for name, values in whole.diagnostics.items():
        assert_close(found.diagnostics[name], values)


def test_checkpoints_do_not_change_the_solution(tmp_path, often):
    with_file, without = torus(tmp_path / "state"), torus(None)
    # the solvers' tolerance is 1e-12
    assert np.abs(with_file.u - without.u).max() < 1e-9
    assert np.abs(with_file.rho - without.rho).max() < 1e-9


def test_finished_march_is_not_repeated(tmp_path, often, monkeypatch, capsys):
    from reference_fem._splitting import Splitting

    first = torus(tmp_path / "state")
    cut_after(monkeypatch, Splitting, STEPS)
    again = torus(tmp_path / "state", progress=True)
    assert np.array_equal(first.rho, again.rho)
    assert f"goes on after step {STEPS} of {STEPS}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [{"t_end": 0.2}, {"grad_div": 0.5}, {"density": lambda x: 3 + 0 * x[0]}],
)
def test_other_marches_are_refused(changes, tmp_path, often):
    torus(tmp_path / "state")
    with pytest.raises(ValueError, match="checkpoint must be a file of the same march"):
        torus(tmp_path / "state", **changes)


def test_damaged_files_are_refused(tmp_path, often):
    path = tmp_path / "state"
    torus(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"not a complete checkpoint.*delete it"):
        torus(path)
