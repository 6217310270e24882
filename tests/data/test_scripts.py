"""From a script's data to fresh points: the same terms, fewer points, refusals."""

import deepxde as dde
import numpy as np
import pytest

from ncl_deepxde.data import Collocation
from ncl_deepxde.data.scripts import proportional
from ncl_deepxde.optimizers import GaussNewton

LINE = dde.geometry.Interval(-1, 1)
STRIP = dde.geometry.GeometryXTime(LINE, dde.geometry.TimeDomain(0, 1))


def heat(x, y):
    return dde.grad.jacobian(y, x, j=1) - 0.4 * dde.grad.hessian(y, x, i=0, j=0)


def exact(x):
    return np.exp(-0.4 * np.pi**2 * x[:, 1:]) * np.sin(np.pi * x[:, :1])


def script(**options):
    conditions = [
        dde.icbc.DirichletBC(STRIP, lambda x: 0 * x[:, :1], lambda _, on: on),
        dde.icbc.IC(STRIP, exact, lambda _, on: on),
    ]
    sizes = {"num_domain": 2000, "num_boundary": 200, "num_initial": 300}
    return dde.data.TimePDE(STRIP, heat, conditions, **{**sizes, **options})


def test_points_are_fewer_and_fresh() -> None:
    data = Collocation.from_pde(script())
    first, _ = data.train_next_batch()
    second, _ = data.train_next_batch()
    assert len(first) == 600
    assert not np.array_equal(first.detach().numpy(), second.detach().numpy())
    assert sum(c.num_points for c in data.conditions) == pytest.approx(400, abs=1)
    at_start = (first.detach().numpy()[:, 1] == 0).mean()
    assert at_start == pytest.approx(300 / 2500, abs=0.01)
    assert (
        len(Collocation.from_pde(script(), num_domain=50).train_next_batch()[0]) == 50
    )


def test_it_trains_as_the_script_does() -> None:
    dde.config.set_random_seed(0)
    data = Collocation.from_pde(
        script(solution=exact, num_test=200), num_domain=100, num_bc_points=40
    )
    model = dde.Model(data, dde.nn.FNN([2, 16, 16, 1], "tanh", "Glorot normal"))
    model.compile(GaussNewton(model), metrics=["l2 relative error"], verbose=0)
    history, _ = model.train(iterations=40, display_every=40, verbose=0)
    assert data.loss_names == ["pde", "DirichletBC 1", "IC 2"]
    assert history.metrics_test[-1][0] < 0.02


def test_points_inside_a_box_alone_can_follow_a_density() -> None:
    start = dde.icbc.PointSetBC(np.zeros((1, 2)), np.zeros((1, 1)))
    alone = dde.data.TimePDE(STRIP, heat, [start], num_domain=20)
    assert Collocation.from_pde(alone).can_learn
    assert not Collocation.from_pde(script()).can_learn


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: dde.data.Function(LINE, lambda x: x, 4, 4), "must be a dde.data.PDE"),
        (lambda: script(exclusions=[[0.0, 0.0]]), "exclusions must be None"),
        (
            lambda: dde.data.PDE(
                LINE, lambda x, y, k: y, [], 5, auxiliary_var_function=np.cos
            ),
            "auxiliary variables",
        ),
        (lambda: dde.data.PDE(LINE, lambda x, y: y, []), "must have points"),
    ],
)
def test_what_has_no_fresh_points_is_refused(build, message) -> None:
    with pytest.raises(ValueError, match=f"from_pde: .*{message}"):
        Collocation.from_pde(build())


def test_numbers_are_divided_in_proportion() -> None:
    for total in range(30):
        found = proportional(total, [3, 1, 5])
        assert sum(found) == total
        assert all(
            abs(f - total * p / 9) < 1 for f, p in zip(found, (3, 1, 5), strict=True)
        )
