"""Continuity holds to round-off, for random networks of every kind.

The residual is computed without the jets of the package: by torch.func on the network,
by plain autograd on its outputs, and by finite differences.
"""

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import jacrev, vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.nn import NCL, DivergenceFree

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the sum.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def torch_differentiates_in_inference_mode() -> bool:
    """Tell whether the Jacobian of a product is not zero there, as in torch 2.6."""
    with torch.inference_mode():
        return bool(jacrev(lambda z: 2 * z)(torch.ones(1)) != 0)


CONTEXTS = [contextlib.nullcontext, torch.no_grad]
if torch_differentiates_in_inference_mode():
    CONTEXTS.append(torch.inference_mode)


def gaussian(z):
    return torch.exp(-z * z)


def name_of(value):
    return getattr(value, "__name__", str(value))


ACTIVATIONS = [*activations.NAMES, gaussian, torch.nn.Tanh(), "LAAF-10 tanh"]


def flux_of(net):
    """Return the map to (m_1..m_d, rho): the order of the input columns."""
    n = net.num_inputs

    def flux(x):
        out = net(x)
        rho, w = out[:, :1], out[:, 1:n]
        return torch.cat([rho * w if net.output == "velocity" else w, rho], dim=1)

    return flux


def relative_divergence(J):
    """Return the largest divergence, in units of the largest term; J is (N, n, n)."""
    terms = J.detach().diagonal(dim1=1, dim2=2)
    assert float(terms.abs().max()) > 0
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


def by_autograd(field, x):
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        columns = field(x).unbind(dim=1)
        rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1)


def by_differences(field, x, h=1e-2):
    """Central differences of order eight: error 4 h^8 |f^(9)| / 2520 and eps / h."""
    weights = [4 / 5, -1 / 5, 4 / 105, -1 / 280]
    rows = []
    for axis in torch.eye(x.shape[1], dtype=x.dtype):
        steps = [h * k * axis for k in (1, 2, 3, 4)]
        rows.append(
            sum(
                w * (field(x + s) - field(x - s))
                for w, s in zip(weights, steps, strict=True)
            )
            / h
        )
    return torch.stack(rows, dim=2)


def train(net, x, steps):
    """Take a few Adam steps on the outputs and their derivatives."""
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(steps):
        x = x.clone().requires_grad_()
        y = net(x)
        (gx,) = torch.autograd.grad(y[:, 1].sum(), x, create_graph=True)
        optimizer.zero_grad()
        ((y[:, 0] - 1).square().mean() + gx.square().mean()).backward()
        optimizer.step()


@st.composite
def periods_of(draw, d):
    return draw(
        st.sampled_from([None, 1.0, 2.5, [0.7, *[None] * (d - 1)], [1.0 + 0.3 * d] * d])
    )


@st.composite
def networks(draw, activation, construction):
    d = draw(st.integers(1, 4))
    torch.manual_seed(draw(st.integers(0, 99)))
    return NCL(
        [d + 1, *draw(st.sampled_from([[6], [7, 5], [4, 4, 4]])), d + 1 + d % 2],
        activation,
        draw(st.sampled_from(["Glorot normal", "He uniform"])),
        construction=construction,
        periods=draw(periods_of(d)),
        harmonics=draw(st.integers(1, 2)),
        output=draw(st.sampled_from(["flux", "velocity"])),
        # Far from zero, so that the division by the density loses no digits.
        mean_density=20.0,
        served=draw(st.integers(0, 2)),
    )


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name_of)
def test_continuity_holds_to_round_off(dtype, activation, construction) -> None:
    @settings(derandomize=True, deadline=None, max_examples=6, database=None)
    @given(st.data())
    def check(data) -> None:
        net = data.draw(networks(activation, construction))
        x = torch.rand(3, net.num_inputs)
        train(net, x, data.draw(st.sampled_from([0, 3])))
        net.train(data.draw(st.booleans()))
        with data.draw(st.sampled_from(CONTEXTS))():
            assert net(x).shape == (3, net.dim + 1 + net.dim % 2)
            J = by_nesting(flux_of(net), x)
        assert J.dtype == dtype
        assert relative_divergence(J) < LIMITS[dtype]
        assert relative_divergence(by_autograd(flux_of(net), x)) < LIMITS[dtype]

    check()


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_every_dimension_is_exact(d, construction, served, dtype) -> None:
    net = NCL(
        [d + 1, 6, 6, d + 2],
        "tanh",
        "Glorot normal",
        construction=construction,
        served=served,
    )
    for points in 1, 7:
        x = torch.rand(points, d + 1)
        assert net(x).shape == (points, d + 2)
        assert relative_divergence(by_nesting(net.flux, x).roll(-1, 1)) < LIMITS[dtype]
        assert relative_divergence(by_autograd(net.flux, x).roll(-1, 1)) < LIMITS[dtype]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("activation", ["tanh", "gelu", gaussian], ids=name_of)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_finite_differences_find_no_residual(d, activation, construction, context):
    net = NCL(
        [d + 1, 8, 8, d + 1], activation, "Glorot normal", construction=construction
    )
    x = torch.rand(5, d + 1)
    with context():
        J = by_differences(flux_of(net), x)
    expected = by_nesting(flux_of(net), x)
    # The differences' own error: h^8 = 1e-16 times f^(9) / 630, and 1e2 eps.
    assert np.allclose(J.detach(), expected.detach(), rtol=0, atol=1e-10)
    assert relative_divergence(J) < 1e-10


@pytest.mark.parametrize("bias", [-15.0, 15.0, 25.0, 60.0])
@pytest.mark.parametrize("activation", ["silu", "softplus", "gelu"])
def test_large_preactivations_keep_exactness(activation, bias) -> None:
    net = NCL([3, 8, 8, 3], activation, "Glorot normal")
    with torch.no_grad():
        net.network.linears[0].bias[bias < 0 :] += bias
    x = torch.rand(5, 3)
    assert relative_divergence(by_nesting(flux_of(net), x)) < 1e-12


def test_derivatives_of_columns_cancel_exactly_as_served() -> None:
    net = NCL([3, 8, 8, 3], "tanh", "Glorot normal")
    x = torch.rand(7, 3, requires_grad=True)
    y = net(x)
    J = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in y.unbind(1)]
    # The terms are the same numbers with opposite signs; only the sum rounds.
    residual = (J[0][:, 2] + J[1][:, 0] + J[2][:, 1]).abs().max()
    assert residual <= 4 * torch.finfo(y.dtype).eps * max(j.abs().max() for j in J)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("periods", [None, 1.5])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_divergence_free_field_has_no_divergence(n, periods, construction, dtype):
    net = DivergenceFree(
        [n, 7, 6, n + 1],
        "sin",
        "Glorot normal",
        construction=construction,
        periods=periods,
        served=n % 3,
    )
    x = torch.rand(5, n)
    train(net, x, 2)

    def field(z):
        return net(z)[:, :n]

    assert net(x).shape == (5, n + 1)
    assert relative_divergence(by_nesting(field, x)) < LIMITS[dtype]
    assert relative_divergence(by_autograd(field, x)) < LIMITS[dtype]
    extra = by_nesting(net, x)[:, n]
    assert float(extra.detach().abs().min()) > 0
