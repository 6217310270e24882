"""Networks in time windows: a flux that goes on at the seams, exact everywhere."""

import copy
import math
import pickle

import deepxde as dde
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde import nn
from ncl_deepxde.nn import (
    NCL,
    Continuation,
    ContinuityLaw,
    InitialState,
    Wall,
    Windows,
)
from ncl_deepxde.nn.windows import ExactWindows

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

SEAMS = (0.1, 0.25)
OUTPUTS = ("flux", "velocity")
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def start(x):
    return 2 + torch.sin(2 * math.pi * x).prod(dim=1, keepdim=True)


def swirl(x):
    return torch.stack([x[:, 1], x[:, 0]], dim=1).mul(2 * math.pi).sin()


def windows(served=1, initial=None, construction="matrix", output="flux"):
    torch.manual_seed(0)
    arguments = {"periods": 1.0, "served": served, "construction": construction}
    mean = {} if initial else {"mean_momentum": [0.7, -0.4], "mean_density": 9.0}
    sizes = [3, 12, 12, 4]
    nets = [
        NCL(sizes, "tanh", "Glorot normal", initial=initial, **arguments, **mean),
    ]
    for seam in SEAMS:
        then = Continuation(nets[-1], seam, 0.05)
        nets.append(NCL(sizes, "tanh", "Glorot normal", initial=then, **arguments))
    for net in nets:
        net.output, net._convert = (
            output,
            net._to_velocity if output != "flux" else None,
        )
    return Windows(nets, SEAMS)


def points(n=60):
    x = torch.rand(n, 3)
    x[:, 2] *= 0.4
    return x


def jacobian(net, x):
    return vmap(jacrev(lambda z: net(z[None])[0]))(x).detach()


def relative_continuity(net, x):
    J = jacobian(net, x)
    terms = torch.stack([J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]], dim=1)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_continuity_holds_in_all_windows_before_and_after_training(dtype, construction):
    net, x = windows(construction=construction), points()
    for index in range(3):
        assert relative_continuity(net, x) <= LIMITS[dtype]
        net.activate(index)
        inputs = x.clone().requires_grad_()
        optimizer = torch.optim.Adam(
            [p for p in net.parameters() if p.requires_grad], lr=1e-2
        )
        for _ in range(3):
            optimizer.zero_grad()
            net(inputs).square().mean().backward()
            optimizer.step()
    assert relative_continuity(net, x) <= LIMITS[dtype]


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_the_state_goes_on_at_the_seams(construction):
    net, x = windows(construction=construction), points()
    for index, seam in enumerate(SEAMS):
        x[:, 2] = seam
        before, after = (part(x)[:, :3] for part in net.nets[index : index + 2])
        torch.testing.assert_close(before, after, rtol=1e-12, atol=1e-12)
        x[:, 2] = seam + 0.05
        moved = (net.nets[index](x) - net.nets[index + 1](x))[:, :3]
        assert moved.abs().max() > 1e-3


def test_the_first_window_may_start_from_a_hard_state():
    net = windows(initial=InitialState(start, velocity=swirl, ramp=0.1))
    x = points()
    assert relative_continuity(net, x) <= 1e-12
    x[:, 2] = 0
    m = start(x[:, :2]) * swirl(x[:, :2])
    expected = torch.cat([start(x[:, :2]), m], dim=1)
    torch.testing.assert_close(net(x)[:, :3], expected, rtol=1e-12, atol=1e-12)


def test_mean_density_and_mass_go_on():
    net = windows()
    axis = torch.arange(32) / 32
    x = torch.cartesian_prod(axis, axis)
    for t in (0.05, 0.1, 0.2, 0.3, 1.0):
        y = net(torch.cat([x, torch.full((len(x), 1), t)], dim=1))
        assert float(y.detach()[:, 0].mean()) == pytest.approx(9.0, rel=1e-12)


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("served", [1, 2])
def test_served_derivatives_across_windows(served, output):
    net, x = windows(served, output=output), points(20)
    assert len({sum(float(t) > s for s in SEAMS) for t in x[:, 2]}) == 3
    inputs = x.clone().requires_grad_()
    y = net(inputs)
    J = torch.stack(
        [
            torch.autograd.grad(c.sum(), inputs, create_graph=True)[0]
            for c in y.unbind(dim=1)
        ],
        dim=1,
    )
    assert J.shape == (20, 4, 3)
    torch.testing.assert_close(J.detach(), jacobian(net, x), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(y, vmap(lambda z: net(z[None])[0])(x))
    nested = vmap(jacrev(jacrev(lambda z: net(z[None])[0])))(x).detach()
    for row in (0, 0), (0, 2), (1, 0), (1, 2), (3, 2):
        (H,) = torch.autograd.grad(J[:, *row].sum(), inputs, retain_graph=True)
        torch.testing.assert_close(H, nested[:, *row], rtol=1e-8, atol=1e-8)


def test_only_the_active_window_is_trained():
    net, x = windows(), points()
    net.activate(1)
    before = copy.deepcopy(net.state_dict())
    inputs = x.clone().requires_grad_()
    net(inputs).square().sum().backward()
    trained = {name for name, p in net.named_parameters() if p.grad is not None}
    assert trained
    assert all(name.startswith("nets.1.") for name in trained)
    assert before.keys() == net.state_dict().keys()


class Around(dde.nn.pytorch.NN):
    """A user's network around windows, whose parameters DeepXDE thaws by itself."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.regularizer = inner, inner.regularizer

    def forward(self, x):
        return self.inner(x)


@pytest.mark.parametrize("around", [Around, lambda net: net])
@pytest.mark.parametrize("regularization", [None, ["l1", 1e-3], ["l2", 1e-3]])
def test_a_window_that_is_not_active_stays_through_deepxde(regularization, around):
    torch.manual_seed(0)
    layers = ([3, 8, 3], "tanh", "Glorot normal", regularization)
    first = NCL(*layers, mean_density=2.0)
    net = Windows([first, NCL(*layers, initial=Continuation(first, 0.5, 0.5))], [0.5])
    net.activate(1)
    # At the seam itself, where the initial points are, the first network answers.
    time = dde.geometry.TimeDomain(0.5, 1)
    geometry = dde.geometry.GeometryXTime(dde.geometry.Rectangle([0, 0], [1, 1]), time)
    data = dde.data.TimePDE(
        geometry, lambda x, y: y[:, :1] - 3, [], num_domain=20, num_initial=10
    )
    before = [p.detach().clone() for p in net.parameters()]
    model = dde.Model(data, around(net))
    model.compile("adam", lr=1e-2, verbose=0)
    model.train(iterations=5, display_every=2, verbose=0)
    changes = [not torch.equal(p, q) for p, q in zip(net.parameters(), before)]  # noqa: B905
    count = len(list(first.parameters()))
    assert not any(changes[:count])
    assert any(changes[count:])
    net.activate(None)
    assert all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("index", [2, -1, 3, 0.5, True])
def test_only_windows_that_exist_are_activated(index):
    net = Windows([NCL([3, 8, 3], "tanh", "Glorot normal")] * 2, [0.5])
    with pytest.raises(ValueError, match=r"^index: must be a number from 0 to 1"):
        net.activate(index)


def test_points_in_several_windows_cost_no_further_pass(monkeypatch):
    net, x = windows(), points().requires_grad_()
    calls = []
    levels = NCL._levels
    monkeypatch.setattr(
        NCL, "_levels", lambda self, *args: calls.append(self) or levels(self, *args)
    )
    J = dde.grad.jacobian(net(x), x, i=1, j=0)
    before = len(calls)
    J.square().mean().backward()
    assert len(calls) == before
    dde.grad.clear()
    y = x.detach().requires_grad_()
    J = dde.grad.jacobian(net(y), y, i=1, j=0)
    # What asks for the gradient of the inputs by name gets it.
    (found,) = torch.autograd.grad(J.sum(), y)
    H = vmap(jacrev(jacrev(lambda z: net(z[None])[0])))(y.detach())
    torch.testing.assert_close(found, H[:, 1, 0], rtol=1e-8, atol=1e-8)
    dde.grad.clear()


def test_a_later_window_sees_new_weights_of_the_earlier_one():
    net, x = windows(), points()
    x[:, 2] = 0.2
    first = net(x)
    net.nets[0].load_state_dict(
        {k: 1.1 * v for k, v in net.nets[0].state_dict().items()}
    )
    assert (net(x) - first).abs().max() > 1e-3


def test_the_last_window_sees_new_weights_of_the_first_one():
    net, x = windows(), points()
    x[:, 2] = 0.3
    first = net(x)
    inputs = x.clone().requires_grad_()
    y = net(inputs)
    (gx,) = torch.autograd.grad(y[:, 1].sum(), inputs, create_graph=True)
    with torch.no_grad():
        net.nets[0].network.linears[0].weight.mul_(1.5)
    assert (net(x) - first).abs().max() > 1e-3
    with pytest.raises(RuntimeError, match="parameters have changed"):
        torch.autograd.grad(gx.sum(), inputs)


def test_a_wall_goes_on_at_the_seams():
    torch.manual_seed(0)
    x = torch.randn(30, 2)
    x /= x.norm(dim=1, keepdim=True)
    wall = Wall(lambda x: 1 - x.square().sum(dim=1, keepdim=True), x)
    first = NCL([3, 8, 3], "tanh", "Glorot normal", wall=wall)
    then = Continuation(first, 0.1, 0.05)
    net = NCL([3, 8, 3], "tanh", "Glorot normal", wall=wall, initial=then)
    m = net(torch.cat([x, torch.full((30, 1), 0.3)], dim=1))[:, 1:]
    assert m.abs().max() > 1e-2
    assert (m * x).sum(dim=1).abs().max() <= 1e-12


def test_windows_keep_the_hooks_of_deepxde():
    nets = [dde.nn.FNN([3, 4, 4], "tanh", "Glorot normal", ["l2", 0.1])] * 2
    net = Windows(nets, [0.1], output="flux", dim=2)
    assert net.regularizer == ["l2", 0.1]
    for hook in (net.apply_output_transform, net.apply_feature_transform):
        with pytest.raises(ValueError, match="on each of the nets"):
            hook(None)
    assert net(torch.empty(0, 3)).shape == (0, 4)


def test_seams_must_be_those_of_the_continuations():
    nets = list(windows().nets)
    with pytest.raises(ValueError, match=r"nets: number 1 .* 0.2, got .* that"):
        Windows(nets, (0.2, 0.25))
    with pytest.raises(ValueError, match=r"nets: number 1 .* 0.1, got .* another"):
        Windows([copy.deepcopy(nets[0]), *nets[1:]], SEAMS)


def test_restored_copied_and_pickled_windows_agree():
    net, x = windows(), points()
    expected = net(x)
    fresh = windows()
    for p in fresh.parameters():
        torch.nn.init.uniform_(p)
    assert (fresh(x) - expected).abs().max() > 1e-3
    fresh.load_state_dict(net.state_dict())
    for other in (fresh, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(other(x), expected)
    clone = copy.deepcopy(net)
    torch.nn.init.zeros_(clone.nets[0].bias)  # its own earlier network, not ours
    torch.testing.assert_close(net(x), expected)


def test_fields_of_the_windows():
    net, x = windows(), points()
    y = net(x)
    torch.testing.assert_close(net.flux(x), y[:, :3])
    torch.testing.assert_close(net.density(x), y[:, :1])
    torch.testing.assert_close(net.velocity(x), y[:, 1:3] / y[:, :1])


@pytest.mark.parametrize("seams", [(), (0.1,), (0.2, 0.1), (0.1, math.nan)])
def test_seams_must_increase(seams):
    nets = [dde.nn.FNN([3, 4, 4], "tanh", "Glorot normal") for _ in range(3)]
    with pytest.raises(ValueError, match="seams: must hold 2 increasing times"):
        Windows(nets, seams)


def test_networks_of_different_output_are_refused():
    nets = [NCL([3, 4, 3], "tanh", "Glorot normal", output=o) for o in OUTPUTS]
    with pytest.raises(ValueError, match=r"nets: must all have the same output .* got"):
        Windows(nets, [0.5])
    with pytest.raises(ValueError, match=r"^output: must be 'flux' or None .* NCL"):
        Windows(nets[:1], [], output="velocity")
    other = NCL([4, 4, 4], "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"number of space dimensions, got .* 3\)"):
        Windows([nets[0], other], [0.5])


def test_plain_networks_must_say_what_their_outputs_hold():
    nets = [dde.nn.FNN([3, 4, 4], "tanh", "Glorot normal") for _ in range(2)]
    with pytest.raises(ValueError, match=r"^output: .* got None for a FNN"):
        Windows(nets, [0.5])
    with pytest.raises(ValueError, match=r"^dim: .* got None for a FNN"):
        Windows(nets, [0.5], output="flux")
    with pytest.raises(ValueError, match=r"^output: .* got None for a FNN"):
        Continuation(nets[0], 0.5, 0.1)


@pytest.mark.parametrize("output", OUTPUTS)
def test_fields_of_windows_of_plain_networks(output):
    nets = [dde.nn.FNN([3, 4, 4], "tanh", "Glorot normal") for _ in range(2)]
    net, x = Windows(nets, [0.2], output=output, dim=2), points()
    assert not isinstance(net, ContinuityLaw)
    assert [key.split(".")[2] for key in net.state_dict()] == ["linears"] * 8
    y = net(x)
    rho, w = y[:, :1], y[:, 1:3]
    m = w if output == "flux" else rho * w
    torch.testing.assert_close(net.density(x), rho)
    torch.testing.assert_close(net.flux(x), torch.cat([rho, m], dim=1))
    torch.testing.assert_close(net.velocity(x), m / rho)


def test_law_is_not_promised_for_networks_without_it():
    sizes, how = [3, 4, 3], ("tanh", "Glorot normal")
    nets = [nn.NCL(sizes, *how), nn.CurlNet(sizes, *how)]
    assert not isinstance(nn.Windows(nets, [0.5]), nn.ContinuityLaw)
    with pytest.raises(ValueError, match=r"nets: must all be .* got CurlNet. Use"):
        ExactWindows(nets, [0.5])
