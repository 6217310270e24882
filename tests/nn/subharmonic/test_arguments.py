"""SubharmonicNCL: shapes, parameters, hooks of DeepXDE and clear errors."""

import copy
import math
import re

import pytest
import torch

from ncl_deepxde.nn import SubharmonicNCL


def network(d, **options):
    """Return a small network whose Gaussians move, grow and exchange weight."""
    sizes = {"components": 5, "hidden": (8, 7), "solenoidal": (6, 5)}
    return SubharmonicNCL(d, **({"width": 0.7} | sizes | options))


def points(d, n, scale=1.0):
    return torch.cat([scale * torch.randn(n, d), torch.rand(n, 1)], dim=1)


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("extras", [0, 2])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_shapes(d, extras, n, dtype) -> None:
    net, x = network(d, extras=extras), points(d, n)
    assert (net.dim, net.output) == (d, "flux")
    assert net(x).shape == (n, 1 + d + extras)
    assert net(x).dtype == dtype
    assert net.flux(x).shape == (n, 1 + d)
    assert net.velocity(x).shape == (n, d)
    assert net.density(x).shape == net.log_density(x).shape == (n, 1)


@pytest.mark.parametrize("d", [1, 2])
def test_extras_are_a_network_of_space_and_time(d) -> None:
    net, x = network(d, extras=2), points(d, 7)
    with torch.no_grad():
        net.swirl.bias.copy_(torch.tensor([3.0, -4.0]))
    x.requires_grad_()
    free = net(x)[:, d + 1 :]
    for k in range(2):
        (gx,) = torch.autograd.grad(free[:, k].sum(), x, retain_graph=True)
        assert float(gx.abs().min()) > 1e-6
    without_network = copy.deepcopy(net)
    with torch.no_grad():
        without_network.swirl.network.linears[-1].weight.zero_()
    expected = torch.tensor([3.0, -4.0]).expand(7, 2)
    torch.testing.assert_close(without_network(x)[:, d + 1 :], expected)


def test_mass_is_a_parameter_only_where_learned() -> None:
    fixed, learned = network(2, total_mass=2.0), network(2, learn_mass=True)
    assert fixed.log_mass.shape == learned.log_mass.shape == ()
    assert float(fixed.log_mass) == pytest.approx(math.log(2.0))
    assert "log_mass" not in dict(fixed.named_parameters())
    assert "log_mass" in dict(learned.named_parameters())
    assert all(p.requires_grad for p in fixed.parameters())
    x = points(2, 7)
    copied = network(2)
    copied.load_state_dict(fixed.state_dict())
    torch.testing.assert_close(copied(x), fixed(x), rtol=0, atol=0)


def test_regularization_and_hooks() -> None:
    net = network(2, regularization=["l2", 1e-3])
    assert net.regularizer == ["l2", 1e-3]
    assert net.auxiliary_vars is None
    for hook in net.apply_output_transform, net.apply_feature_transform:
        with pytest.raises(ValueError, match="instead"):
            hook(lambda x: x)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dim", 0),
        ("dim", 2.0),
        ("components", 0),
        ("components", True),
        ("extras", -1),
        ("hidden", ()),
        ("hidden", (8, 0)),
        ("hidden", 8),
        ("solenoidal", ()),
        ("solenoidal", "64"),
        ("construction", "vector"),
        ("output", "momentum"),
        ("total_mass", 0.0),
        ("total_mass", math.inf),
        ("spread", -1.0),
        ("width", 0),
        ("duration", math.nan),
        ("floor", 0.0),
        ("floor", 1e-20),
        ("activation", "relu"),
        ("kernel_initializer", "none"),
    ],
)
def test_bad_arguments_are_named(name, value) -> None:
    got = re.escape(repr(value))
    with pytest.raises(ValueError, match=rf"^{name}: must (.|\n)*got {got}"):
        SubharmonicNCL(**({"dim": 2} | {name: value}))


def test_extras_need_the_network_of_space_and_time() -> None:
    with pytest.raises(ValueError, match=r"extras: .*solenoidal=None"):
        SubharmonicNCL(2, solenoidal=None, extras=1)


def test_wrong_inputs_are_named() -> None:
    net = network(2)
    for wrong in torch.rand(4, 2), torch.rand(3), torch.rand(4, 3, dtype=torch.float32):
        for method in net, net.flux, net.velocity, net.density, net.log_density:
            with pytest.raises(ValueError, match=r"inputs: must have .*got"):
                method(wrong)
