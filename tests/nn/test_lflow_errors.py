"""Bad arguments and inputs of LFlow: argument, rule, value got, remedy."""

import math

import pytest
import torch

from ncl_deepxde.flows import ActNorm, Ball, Box
from ncl_deepxde.nn import LFlow

SIZES = {"blocks": 1, "depth": 1, "width": 4, "time_embedding": (4,)}

BAD = {
    "dim": [0, -1, 2.0, "2"],
    "blocks": [0, 1.5],
    "depth": [0, 2.5],
    "width": [0, -3, 8.0],
    "extras": [-1, 0.5],
    "lipschitz": [0.0, 1.0, 1.5, -0.1, math.nan],
    "frequency": [0.0, math.inf, math.nan],
    "total_mass": [0.0, -1.0, math.inf, math.nan],
    "times": [(1.0, 1.0), (2.0, 1.0), (0.0,)],
    "time_embedding": [(), (0,), (8.0,)],
    "output": ["momentum", None, "FLUX"],
    "domain": [Box([0.0], [1.0]), Ball([0.0] * 3), ActNorm(2), "box", (0, 1)],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD.items() for value in values],
    ids=str,
)
def test_bad_arguments_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: must .*got") as error:
        LFlow(**({"dim": 2} | SIZES | {name: value}))
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("lipschitz", 1.0, "Use for example 0.97"),
        ("total_mass", -2.0, "positive by construction"),
        ("time_embedding", (), r"Use for example \(64, 64\)"),
    ],
)
def test_remedies_are_given(name, value, remedy) -> None:
    with pytest.raises(ValueError, match=remedy):
        LFlow(**({"dim": 2} | SIZES | {name: value}))


@pytest.mark.parametrize(
    "method", ["forward", "flux", "density", "velocity", "log_density"]
)
@pytest.mark.parametrize("shape", [(5, 4), (5, 2), (3,), (2, 5, 3)])
def test_inputs_must_have_the_columns(method, shape) -> None:
    net = LFlow(2, **SIZES)
    message = r"^inputs: must have shape \(N, 3\), 2 columns of space and then time"
    with pytest.raises(ValueError, match=message) as error:
        getattr(net, method)(torch.rand(shape))
    assert str(shape) in str(error.value)
    assert not net.flow.is_started


def test_inputs_must_have_the_dtype() -> None:
    message = r"^inputs: .*torch.float64, got torch.float32.*set_default_float"
    with pytest.raises(ValueError, match=message):
        LFlow(2, **SIZES)(torch.rand(5, 3, dtype=torch.float32))


@pytest.mark.parametrize("shape", [(5, 3), (5, 1), (2,)])
def test_transport_needs_points(shape) -> None:
    """One column would be spread over both axes in silence."""
    with pytest.raises(ValueError, match=r"^x: must have shape \(N, 2\)") as error:
        LFlow(2, **SIZES).transport(torch.rand(shape), 0.0, 1.0)
    assert str(shape) in str(error.value)


def test_transport_needs_the_dtype() -> None:
    x = torch.rand(5, 2, dtype=torch.float32)
    with pytest.raises(ValueError, match=r"^x: .*torch.float64, got torch.float32"):
        LFlow(2, **SIZES).transport(x, 0.0, 1.0)


@pytest.mark.parametrize("shape", [(5,), (4, 1), (5, 2), (1, 5)])
def test_times_must_be_a_column(shape) -> None:
    net, x, t = LFlow(2, **SIZES), torch.rand(5, 2), torch.rand(shape)
    for call in (
        lambda: net.transport(x, t, 1.0),
        lambda: net.transport(x, 1.0, t),
        lambda: net.sample(5, t),
    ):
        with pytest.raises(ValueError, match=r"^t: .*shape \(5, 1\)") as error:
            call()
        assert str(shape) in str(error.value)


def test_points_outside_the_domain_are_refused() -> None:
    net = LFlow(2, domain=Box([0, 0], [1, 2]), **SIZES)
    x = torch.tensor([[0.5, 0.5, 0.0], [0.5, 2.5, 0.0]])
    message = r"^inputs: points must lie inside the domain, Box.*\[0.5, 2.5\] in row 1"
    with pytest.raises(ValueError, match=message):
        net(x)
    with pytest.raises(ValueError, match=message):
        net.transport(x[:, :2], 0.0, 1.0)
    assert not net.flow.is_started


@pytest.mark.parametrize("bad", ["weights", "points", "times"])
def test_inverse_of_what_is_not_finite_is_an_error(bad) -> None:
    net, x, t = LFlow(2, **SIZES), torch.rand(5, 2), 1.0
    if bad == "weights":
        with torch.no_grad():
            net.flow.conditioner.constant[3] = math.nan
    elif bad == "points":
        x[3, 1] = math.nan
    else:
        t = math.nan
    with pytest.raises(RuntimeError, match=r"^inverse: .*not finite"):
        net.transport(x, 0.0, t)


def test_second_derivatives_of_trajectories_are_refused() -> None:
    net, x = LFlow(2, **SIZES), torch.rand(5, 2)
    t = torch.rand(5, 1, requires_grad=True)
    (g,) = torch.autograd.grad(net.transport(x, 0.0, t).sum(), t, create_graph=True)
    with pytest.raises(RuntimeError, match=r"^inverse: can be differentiated once"):
        torch.autograd.grad(g.sum(), t)


@pytest.mark.parametrize("which", ["apply_feature_transform", "apply_output_transform"])
def test_transforms_are_refused(which) -> None:
    with pytest.raises(ValueError, match=f"^{which}: .* instead"):
        getattr(LFlow(2, **SIZES), which)(lambda *a: a[0])
