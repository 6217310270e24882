"""Columns, means and periods of NCL, against formulas written out."""

import copy
import pickle

import pytest
import torch
from torch.func import hessian, jacrev, vmap

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def channels(net):
    """Return the map of one point to the values of all channels."""
    space = jet_space(net.num_inputs, 0)
    return lambda z: net.network.jet(z[None], space)[0, 0]


@pytest.mark.parametrize("periods", [None, 1.5])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_matrix_columns_are_the_formula(d, periods) -> None:
    """rho = sum_j d_j A_0j, m_i = -d_t A_0i + sum_j d_j A_ij; time is last."""
    net = NCL(
        [d + 1, 8, 7, d + 3],
        "tanh",
        "Glorot normal",
        periods=periods,
        scale=0.7,
        mean_density=2.0,
        mean_momentum=[0.1 * i for i in range(d)],
    )
    x = torch.rand(7, d + 1)
    a, D = vmap(channels(net))(x), vmap(jacrev(channels(net)))(x)
    A0 = D[:, :d]
    pairs = [(i, j) for i in range(d) for j in range(i + 1, d)]
    Aij = {pair: D[:, d + k] for k, pair in enumerate(pairs)}
    rho = 2 + 0.7 * sum(A0[:, j, j] for j in range(d))
    columns = [rho]
    for i in range(d):
        m = -A0[:, i, d]
        for j in range(d):
            if i != j:
                m = m + (Aij[i, j][:, j] if i < j else -Aij[j, i][:, j])
        columns.append(0.7 * m + 0.1 * i)
    columns += [a[:, -2], a[:, -1]]
    torch.testing.assert_close(net(x), torch.stack(columns, dim=1), **CLOSE)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_vector_columns_are_the_formula(d) -> None:
    """v_i = Lap b_i - d_i div b in space-time; component 0 belongs to time."""
    net = NCL(
        [d + 1, 8, 7, d + 2], "sin", "Glorot normal", construction="vector", scale=0.7
    )
    x = torch.rand(7, d + 1)
    a, H = vmap(channels(net))(x), vmap(hessian(channels(net)))(x)
    axis = [d, *range(d)]
    columns = [
        0.7 * sum(H[:, i, k, k] - H[:, j, axis[i], k] for j, k in enumerate(axis))
        for i in range(d + 1)
    ]
    columns.append(a[:, -1])
    torch.testing.assert_close(net(x), torch.stack(columns, dim=1), **CLOSE)


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_parts_of_the_flow_agree(output, d, n) -> None:
    net = NCL(
        [d + 1, 8, d + 3], "tanh", "Glorot normal", output=output, mean_density=9.0
    )
    x = torch.rand(n, d + 1)
    y, flux, rho, u = net(x), net.flux(x), net.density(x), net.velocity(x)
    assert net.dim == d
    assert (y.shape, flux.shape) == ((n, d + 3), (n, d + 1))
    assert (rho.shape, u.shape) == ((n, 1), (n, d))
    torch.testing.assert_close(y[:, :1], rho, **CLOSE)
    torch.testing.assert_close(y[:, 1 : d + 1], u if output == "velocity" else rho * u)
    torch.testing.assert_close(flux, torch.cat([rho, rho * u], dim=1), **CLOSE)


def test_default_scale_undoes_the_highest_frequency() -> None:
    omega = 2 * torch.pi * 3 / 0.5
    for construction, order in ("matrix", 1), ("vector", 2):
        nets = []
        for scale in None, omega**-order:
            torch.manual_seed(0)
            nets.append(
                NCL(
                    [3, 8, 3],
                    "tanh",
                    "Glorot normal",
                    construction=construction,
                    periods=[2.0, 0.5],
                    harmonics=3,
                    scale=scale,
                )
            )
        x = torch.rand(5, 3)
        torch.testing.assert_close(nets[0](x), nets[1](x), **CLOSE)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_every_column_is_periodic(construction, output, served, dtype) -> None:
    net = NCL(
        [4, 8, 8, 5],
        "tanh",
        "Glorot normal",
        construction=construction,
        periods=[0.75, None, 2.0],
        harmonics=2,
        output=output,
        mean_density=20.0,
        served=served,
    )
    # Multiples of 1/64 can be shifted without rounding.
    x = torch.randint(64, (7, 4)) / 64
    x = x.to(dtype).requires_grad_()
    there = net(x + torch.tensor([0.75, 0.0, -4.0, 0.0]))
    limit = 200 * torch.finfo(dtype).eps * float(there.detach().abs().max())
    assert float((net(x) - there).detach().abs().max()) < limit
    for shift in [0.0, 0.75, 0.0, 0.0], [0.0, 0.0, 0.0, 0.75]:
        moved = (net(x) - net(x + torch.tensor(shift))).detach().abs()
        assert bool((moved.amax(dim=0) > 1e-3 * float(moved.max())).all())


def grid(d, n, periods, t):
    axes = [torch.arange(n) / n * period for period in periods]
    mesh = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, d)
    return torch.cat([mesh, torch.full((len(mesh), 1), t)], dim=1)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [1, 2])
def test_mean_density_is_exact_at_all_times(d, construction) -> None:
    periods = [1.0, 2.5][:d]
    net = NCL(
        [d + 1, 6, d + 1],
        "sin",
        "Glorot normal",
        construction=construction,
        periods=periods,
        mean_density=1.7,
        mean_momentum=[0.3, -0.4][:d],
    )
    # The grid sums a smooth periodic function with an error that falls like exp(-n).
    for t in -0.5, 0.0, 0.3, 2.0:
        mean = net(grid(d, 64, periods, t)).detach().mean(dim=0)
        assert abs(float(mean[0]) - 1.7) < 1e-12


def test_mean_momentum_changes_only_in_time() -> None:
    """The mean of m_i is the constant minus d/dt of the mean of A_0i."""
    net = NCL([2, 6, 2], "sin", "Glorot normal", periods=1.0, mean_momentum=[0.25])
    points = grid(1, 64, [1.0], 0.4)
    mean = float(net(points).detach()[:, 1].mean())
    slope = vmap(jacrev(channels(net)))(points).detach()[:, 0, 1].mean()
    assert mean == pytest.approx(0.25 - float(slope) / (2 * torch.pi), abs=1e-13)
    assert abs(mean - 0.25) > 1e-4


def constants_of(net):
    return net.fixed.index_add(0, net.trained, net.bias).tolist()


TORUS = {"periods": 1.0}


@pytest.mark.parametrize(
    ("options", "values", "num_trained"),
    [
        ({}, [0, 0, 0, 0], 1),
        ({"periods": [1.0, None]}, [0, 0, 0, 0], 1),
        (TORUS, [1, 0, 0, 0], 4),
        ({**TORUS, "mean_density": 2.5}, [2.5, 0, 0, 0], 3),
        ({**TORUS, "mean_momentum": [0.5, -1]}, [1, 0.5, -1, 0], 2),
        ({**TORUS, "mean_density": 2, "mean_momentum": (1, 2)}, [2, 1, 2, 0], 1),
        ({"mean_density": "trained"}, [1, 0, 0, 0], 2),
        ({"mean_momentum": "trained"}, [0, 0, 0, 0], 3),
    ],
)
def test_constants_start_and_train_as_documented(options, values, num_trained) -> None:
    net = NCL([3, 8, 4], "tanh", "Glorot normal", **options)
    assert constants_of(net) == values
    assert net.bias.shape == (num_trained,)
    x = torch.rand(5, 3)
    with torch.no_grad():
        before = net(x)
        net.bias += torch.arange(1.0, num_trained + 1)
        moved = (net(x) - before).mean(dim=0)
    expected = torch.zeros(4)
    expected[net.trained] = torch.arange(1.0, num_trained + 1)
    torch.testing.assert_close(moved, expected, **CLOSE)


def test_trained_constants_learn_and_fixed_ones_stay() -> None:
    net = NCL([3, 8, 4], "tanh", "Glorot normal", periods=1.0, mean_density=2.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (net(torch.rand(9, 3)) - 5).square().mean().backward()
        optimizer.step()
    rho, *others = constants_of(net)
    assert rho == 2
    assert all(value > 0.1 for value in others)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_divergence_free_is_the_formula(construction) -> None:
    net = DivergenceFree(
        [3, 8, 7, 4], "tanh", "Glorot normal", construction=construction, scale=1.0
    )
    x = torch.rand(7, 3)
    D, H = vmap(jacrev(channels(net)))(x), vmap(hessian(channels(net)))(x)
    if construction == "matrix":
        columns = [
            D[:, 0, 1] + D[:, 1, 2],
            -D[:, 0, 0] + D[:, 2, 2],
            -D[:, 1, 0] - D[:, 2, 1],
        ]
    else:
        columns = [
            sum(H[:, i, j, j] - H[:, j, i, j] for j in range(3)) for i in range(3)
        ]
    right = torch.stack([*columns, vmap(channels(net))(x)[:, -1]], dim=1)
    torch.testing.assert_close(net(x), right, **CLOSE)


def test_curl_net_is_the_stream_function_and_a_free_density() -> None:
    net = CurlNet([3, 8, 7, 4], "tanh", "Glorot normal", output="velocity")
    x = torch.rand(7, 3)
    a, D = vmap(channels(net))(x), vmap(jacrev(channels(net)))(x)
    right = torch.stack([1 + a[:, 1], D[:, 0, 1], -D[:, 0, 0], a[:, 2]], dim=1)
    torch.testing.assert_close(net(x), right, **CLOSE)
    torch.testing.assert_close(net.velocity(x), right[:, 1:3], **CLOSE)
    torch.testing.assert_close(net.density(x), right[:, :1], **CLOSE)
    torch.testing.assert_close(net.flux(x)[:, 1:], right[:, :1] * right[:, 1:3])
    flux = CurlNet([3, 8, 7, 4], "tanh", "Glorot normal", periods=1.0)
    assert constants_of(flux) == [1, 0, 0, 0]
    assert flux.bias.shape == (4,)
    torch.testing.assert_close(flux(x)[:, :3], flux.flux(x), **CLOSE)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_feature_transform_keeps_exactness(count, construction, dtype) -> None:
    net = NCL([3, 8, 8, 4], "tanh", "Glorot normal", construction=construction)
    before = net.num_trainable_parameters()

    def transform(x):
        s = torch.cat([torch.sin(3 * x), torch.exp(-x * x), x], dim=1)
        return s[:, :count]

    net.apply_feature_transform(transform)
    assert net.num_trainable_parameters() == before + 8 * (count - 3)
    x = torch.rand(7, 3).requires_grad_()
    y = net(x)
    assert (y.shape, y.dtype) == ((7, 4), dtype)
    J = torch.stack(
        [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in y.unbind(1)], 1
    )
    nested = vmap(jacrev(lambda z: net(z[None])[0]))(x.detach())
    limit = {torch.float64: 1e-12, torch.float32: 1e-5}[dtype]
    torch.testing.assert_close(J, nested, rtol=limit, atol=10 * limit)
    for D in J, nested:
        terms = torch.stack([D[:, 0, 2], D[:, 1, 0], D[:, 2, 1]], dim=1).detach()
        assert float(terms.sum(1).abs().max()) < limit * float(terms.abs().max())


def test_state_holds_no_tables() -> None:
    net = NCL([3, 8, 8, 4], "tanh", "Glorot normal", periods=1.0, served=2)
    layers = [f"network.linears.{k}" for k in range(3)]
    names = {f"{layer}.weight" for layer in layers} | {
        f"{layers[k]}.bias" for k in (0, 1)
    }
    assert set(net.state_dict()) == names | {"bias", "fixed"}
    assert net.num_trainable_parameters() == 6 * 8 + 9 * 8 + 4 * 8 + 4


@pytest.mark.parametrize("activation", ["tanh", "sin", "LAAF-10 tanh"])
def test_copies_are_independent(activation) -> None:
    net = NCL([3, 8, 8, 4], activation, "Glorot normal", output="velocity")
    x = torch.rand(5, 3)
    before = net(x).detach()
    twin = copy.deepcopy(net)
    assert torch.equal(twin(x), before)
    for parameter in twin.parameters():
        old = twin(x).detach()
        with torch.no_grad():
            parameter += 0.1
        assert not torch.equal(twin(x), old)
    assert torch.equal(net(x), before)


@pytest.mark.parametrize("activation", ["tanh", "silu", "gelu"])
def test_networks_can_be_pickled(activation) -> None:
    net = NCL([3, 8, 8, 4], activation, "Glorot normal", output="velocity")
    x = torch.rand(5, 3)
    assert torch.equal(pickle.loads(pickle.dumps(net))(x), net(x))
