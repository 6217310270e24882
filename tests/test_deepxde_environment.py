"""Every class of DeepXDE that its examples use works in our environment.

Plain networks of DeepXDE, a step of Adam each, in DeepXDE's single precision: faults of
DeepXDE with our NumPy, PyTorch or SciPy show here, and what mends them is ours.
"""

import deepxde as dde
import numpy as np
import pytest
import torch

import ncl_deepxde  # noqa: F401  mends DeepXDE

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Sparse invariant checks"),
]

G = dde.geometry
RNG = np.random.default_rng(0)
# Where normals of all boundary points are known to DeepXDE.
SMOOTH_SIDES = {"interval", "rectangle", "disk", "polygon", "cuboid", "sphere"}
ELL = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]
GEOMETRIES = {
    "interval": lambda: G.Interval(0, 1),
    "rectangle": lambda: G.Rectangle([0, 0], [1, 2]),
    "disk": lambda: G.Disk([0, 0], 1),
    "ellipse": lambda: G.Ellipse([0, 0], 2, 1, 0.3),
    "triangle": lambda: G.Triangle([0, 0], [1, 0], [0, 1]),
    "polygon": lambda: G.Polygon(ELL),
    "cuboid": lambda: G.Cuboid([0, 0, 0], [1, 2, 3]),
    "sphere": lambda: G.Sphere([0, 0, 0], 1),
    "hypercube": lambda: G.Hypercube([0] * 4, [1] * 4),
    "hypersphere": lambda: G.Hypersphere([0] * 4, 1),
    "difference": lambda: G.Rectangle([0, 0], [1, 1]) - G.Disk([0.5, 0.5], 0.2),
    "union": lambda: G.Rectangle([0, 0], [1, 1]) | G.Disk([1, 0.5], 0.2),
    "intersection": lambda: G.Rectangle([0, 0], [1, 1]) & G.Disk([1, 0.5], 0.4),
}


@pytest.fixture(autouse=True)
def _single_precision():
    dde.config.set_default_float("float32")


def laplace(x, y):
    d = x.shape[1]
    return sum(dde.grad.hessian(y, x, i=k, j=k) for k in range(d)) + 1


def zero(x):
    return np.zeros((len(x), 1))


def anywhere(_, on_boundary):
    return on_boundary


def losses_of_a_step(data, inputs, outputs=1):
    """Return the losses after a step, which are finite."""
    net = dde.nn.FNN([inputs, 5, outputs], "tanh", "Glorot normal")
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=1, verbose=0)
    losses = np.concatenate([np.ravel(x) for x in model.train_state.loss_train])
    assert np.isfinite(losses).all()
    assert model.predict(model.data.test()[0][:3]).dtype == np.float32
    return losses


@pytest.mark.parametrize("distribution", ["uniform", "pseudo", "Hammersley"])
@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_pde_on_a_geometry_trains_in_single_precision(name, distribution):
    geometry = GEOMETRIES[name]()
    if "uniform" in distribution and name in ("sphere", "hypersphere"):
        pytest.skip("DeepXDE has no uniform points there")
    bcs = [dde.icbc.DirichletBC(geometry, zero, anywhere)]
    if name in SMOOTH_SIDES:
        bcs.append(dde.icbc.NeumannBC(geometry, zero, anywhere))
    data = dde.data.PDE(
        geometry, laplace, bcs, 30, 20, train_distribution=distribution, num_test=10
    )
    assert len(losses_of_a_step(data, geometry.dim)) == 1 + len(bcs)


def test_every_condition_trains():
    geometry = G.Interval(0, 1)
    domain = G.GeometryXTime(geometry, G.TimeDomain(0, 1))
    x, other = RNG.random((5, 2)), RNG.random((7, 2))

    def slope(inputs, outputs, _):
        return dde.grad.jacobian(outputs, inputs, i=0, j=0)

    conditions = [
        dde.icbc.DirichletBC(domain, zero, anywhere),
        dde.icbc.NeumannBC(domain, zero, anywhere),
        dde.icbc.RobinBC(domain, lambda x, y: y, anywhere),
        dde.icbc.PeriodicBC(domain, 0, lambda _, on_boundary: on_boundary),
        dde.icbc.OperatorBC(domain, slope, anywhere),
        dde.icbc.IC(domain, zero, lambda _, on_initial: on_initial),
        dde.icbc.PointSetBC(x, zero(x)),
        dde.icbc.PointSetBC(other, zero(other), batch_size=3),
        dde.icbc.PointSetOperatorBC(x, zero(x), slope),
    ]

    def pde(x, y):
        return dde.grad.jacobian(y, x, i=0, j=1) - dde.grad.hessian(y, x, i=0, j=0)

    data = dde.data.TimePDE(domain, pde, conditions, 30, 20, 10, num_test=9)
    assert len(losses_of_a_step(data, 2)) == 1 + len(conditions)


def test_an_interface_trains():
    geometry = G.Rectangle([0, 0], [1, 1])
    bc = dde.icbc.Interface2DBC(
        geometry,
        lambda x: np.zeros((len(x), 1)),
        lambda x, on: on and dde.utils.isclose(x[0], 0),
        lambda x, on: on and dde.utils.isclose(x[0], 1),
    )
    data = dde.data.PDE(geometry, lambda x, y: y, bc, 30, 40)
    losses_of_a_step(data, 2, 2)


def _integral():
    def ide(x, y, weights):
        rows = len(weights)
        kernel = torch.as_tensor(weights, dtype=torch.float32)
        return dde.grad.jacobian(y, x)[:rows] + kernel @ y

    geometry, options = G.TimeDomain(0, 5), {"num_domain": 10, "num_boundary": 2}
    start = dde.icbc.IC(geometry, zero, anywhere)
    kernel = {"kernel": lambda x, s: np.exp(s - x), **options}
    return dde.data.IDE(geometry, ide, start, 8, **kernel), 1


def _fractional():
    def fpde(x, y, weights):
        left = torch.sparse_coo_tensor(*_coo(weights))
        return torch.sparse.mm(left, y)

    geometry = G.Interval(0, 1)
    bc = dde.icbc.DirichletBC(geometry, zero, anywhere)
    options = {"resolution": [10], "num_domain": 10, "num_boundary": 2}
    return dde.data.FPDE(geometry, fpde, 1.5, bc, **options, solution=zero), 1


def _coo(weights):
    places, values, shape = weights
    return np.array(places).T, torch.as_tensor(values, dtype=torch.float32), shape


def _function():
    return dde.data.Function(G.Interval(-1, 1), np.sin, 8, 9), 1


def _rows():
    x, y = RNG.random((8, 2)), RNG.random((8, 1))
    return dde.data.DataSet(x, y, x, y, standardize=True), 2


@pytest.mark.parametrize("make", [_integral, _fractional, _function, _rows])
def test_data_train(make):
    data, inputs = make()
    losses_of_a_step(data, inputs)


@pytest.mark.parametrize("space", ["GRF", "GRF_KL", "PowerSeries", "Chebyshev"])
def test_functions_for_operators_are_drawn(space):
    functions = getattr(dde.data, space)()
    features = functions.random(3)
    values = functions.eval_batch(features, np.linspace(0, 1, 5)[:, None])
    assert values.shape == (3, 5)
    assert np.isfinite(values).all()


def test_an_operator_trains():
    functions, points = dde.data.GRF(), np.linspace(0, 1, 10)[:, None]
    pde = dde.data.PDE(G.Interval(0, 1), lambda x, y, v: y - v, [], num_domain=12)
    data = dde.data.PDEOperatorCartesianProd(pde, functions, points, 6, num_test=3)
    net = dde.nn.DeepONetCartesianProd([10, 5, 4], [1, 5, 4], "tanh", "Glorot normal")
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=1, verbose=0)
    assert np.isfinite(model.train_state.loss_train).all()


def test_an_array_of_one_number_is_a_number_as_in_the_heat_example():
    values = np.zeros((1, 1))
    with pytest.warns(DeprecationWarning, match="ndim > 0"):
        values[0][0] = np.sin(np.ones(1))
    assert values[0, 0] == np.sin(1.0)
