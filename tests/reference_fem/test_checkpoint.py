"""Checkpoints: a march that was cut goes on to the same numbers; wrong files."""

import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.fem

STEPS = 7


def density(x):
    return 2 + np.sin(2 * np.pi * x[0]) * np.cos(2 * np.pi * x[1])


def velocity(x):
    s, c = np.sin(2 * np.pi * x), np.cos(2 * np.pi * x)
    return np.stack([s[0] * c[1], -c[0] * s[1]])


@pytest.fixture(scope="module", autouse=True)
def often():
    from reference_fem import _checkpoint

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_checkpoint, "EVERY", 3)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A march on the torus that was not cut, and its file."""
    path = tmp_path_factory.mktemp("whole") / "state"
    return torus(path), path


@pytest.fixture
def state(whole, tmp_path):
    """The file of the march on the torus, to be changed."""
    return shutil.copy(whole[1], tmp_path / "state")


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
        if len(self.taken) == count:
            raise Killed
        whole(self, dt, t)

    monkeypatch.setattr(scheme, "step", step)


def assert_close(found, wanted):
    # multigrid that is made anew differs by round-off
    assert np.abs(found - wanted).max() < 1e-12 * max(1.0, np.abs(wanted).max())


def third_order(path):
    return torus(path, order=3)


@pytest.mark.parametrize("solve", [torus, third_order, wall, carried])
def test_cut_march_goes_on_to_the_same_numbers(solve, whole, tmp_path, monkeypatch):
    from reference_fem._carried import CarriedDensity
    from reference_fem._splitting import Splitting

    wanted = whole[0] if solve is torus else solve(tmp_path / "whole")
    scheme = CarriedDensity if solve is carried else Splitting
    with monkeypatch.context() as patch:
        cut_after(patch, scheme, 5)
        with pytest.raises(Killed):
            solve(tmp_path / "cut")
    found = solve(tmp_path / "cut")
    for name in ("rho", "u", "p"):
        assert_close(getattr(found, name), getattr(wanted, name))
    assert found.diagnostics.keys() == wanted.diagnostics.keys()
    for name, values in wanted.diagnostics.items():
        assert_close(found.diagnostics[name], values)


def test_checkpoints_do_not_change_the_solution(whole):
    with_file, without = whole[0], torus(None)
    # the solvers' tolerance is 1e-12
    assert np.abs(with_file.u - without.u).max() < 1e-9
    assert np.abs(with_file.rho - without.rho).max() < 1e-9


def test_finished_march_is_not_repeated(whole, state, monkeypatch, capsys):
    from reference_fem._splitting import Splitting

    cut_after(monkeypatch, Splitting, STEPS)
    again = torus(state, progress=True)
    assert np.array_equal(whole[0].rho, again.rho)
    assert f"goes on after step {STEPS} of {STEPS}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        {"t_end": 0.2},
        {"grad_div": 0.5},
        {"order": 3},
        {"density": lambda x: 3 + 0 * x[0]},
    ],
)
def test_other_marches_are_refused(changes, state):
    with pytest.raises(ValueError, match="checkpoint must be a file of the same march"):
        torus(state, **changes)


def test_damaged_files_are_refused(state):
    state.write_bytes(state.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"not a complete checkpoint.*delete it"):
        torus(state)
