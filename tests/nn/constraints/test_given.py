"""What users give to networks: functions of each point, of torch, without unknowns."""

import copy
import pickle

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import (
    NCL,
    Continuation,
    DivergenceFree,
    FourierPotential,
    HomotopyPotential,
    Incompressible,
    InitialState,
    InitialVelocity,
    MomentumNCL,
    Wall,
)
from ncl_deepxde.nn.constraints.given import GivenFunctions

GLOROT = ("tanh", "Glorot normal")
CIRCLE = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-0.6, 0.8]], dtype=torch.float64)
# A place where nothing is given: far from the origin and from one.
PLACE = torch.tensor([3.0, -4.0, 7.0])


def bump(x):
    return torch.exp(-(x - PLACE[: x.shape[1]].to(x)).square().sum(1, keepdim=True))


def swirl(x):
    return torch.cat([-x[:, 1:2], x[:, :1]], dim=1)


def disk(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def ncl(**options):
    return NCL([3, 8, 3], *GLOROT, **options)


def incompressible(**options):
    return Incompressible([3, 8, 3], *GLOROT, **options)


def state(of, name, **options):
    """Return a state with a function in the place of one of the given ones."""
    given = {"density": lambda x: 2 + bump(x), **options, name: of}
    return InitialState(**given)


# What a function of points (N, 2) or inputs (N, 3) is given to, as argument, and with
# how many columns.
PLACES = {
    "density": (
        "density of initial",
        1,
        lambda f, s: ncl(initial=state(f, "density"), served=s),
    ),
    "momentum": (
        "momentum of initial",
        2,
        lambda f, s: ncl(initial=state(f, "momentum"), served=s),
    ),
    "velocity": (
        "velocity of initial",
        2,
        lambda f, s: ncl(initial=state(f, "velocity"), served=s),
    ),
    "potential": (
        "potential of initial",
        2,
        lambda f, s: ncl(initial=state(f, "potential", ramp=0.3), served=s),
    ),
    "wall": (
        "wall",
        1,
        lambda f, s: ncl(wall=Wall(lambda x: disk(x) * f(x), CIRCLE), served=s),
    ),
    "stream function": (
        "potential of initial",
        1,
        lambda f, s: incompressible(initial=InitialVelocity(f), served=s),
    ),
    "lifting": ("lifting", 1, lambda f, s: incompressible(lifting=f, served=s)),
    "momentum-ncl": (
        "density of initial",
        1,
        lambda f, s: MomentumNCL(
            [3, 8, 8], *GLOROT, initial=InitialState(f), served=s or 0
        ),
    ),
}


def columns(f, number):
    return lambda x: f(x).expand(-1, number)


def points(number=20):
    x = torch.rand(number, 3)
    x[:, :2] = (PLACE[:2] + x[:, :2]) / 9  # within the disk
    return x


@pytest.mark.parametrize("served", [0, 1, 2, None])
@pytest.mark.parametrize("place", PLACES)
def test_functions_of_the_batch_are_refused_on_first_use(place, served) -> None:
    argument, number, build = PLACES[place]

    def mixing(x):
        return 1 + bump(x) / bump(x).mean()

    net = build(columns(mixing, number), served)  # no point is known to be inside
    message = rf"^{argument}: must be a function of each point by itself"
    with pytest.raises(ValueError, match=message):
        net(points())


@pytest.mark.parametrize("place", PLACES)
def test_what_is_trained_is_refused_when_built(place) -> None:
    argument, number, build = PLACES[place]
    A = dde.Variable(1.0)
    with pytest.raises(ValueError, match=rf"^{argument}: .*without trainable"):
        build(columns(lambda x: 1 + A * bump(x), number), None)


@pytest.mark.parametrize("place", [p for p in PLACES if p != "wall"])
def test_numpy_is_refused_when_built(place) -> None:
    argument, number, build = PLACES[place]
    stack = {1: lambda x: np.sin(x[:, :1]), 2: lambda x: np.sin(x[:, :2])}[number]
    with pytest.raises(ValueError, match=rf"^{argument}: .*torch.sin for np.sin"):
        build(stack, None)


@pytest.mark.parametrize("served", [0, 1, None])
@pytest.mark.parametrize("place", PLACES)
def test_sound_functions_pass_and_copies_know(place, served, dtype) -> None:
    _, number, build = PLACES[place]
    net = build(columns(lambda x: 1 + bump(x), number), served)
    x = points()
    right = net(x)
    assert right.dtype == dtype
    torch.testing.assert_close(copy.deepcopy(net)(x), right)


def test_networks_are_still_pickled() -> None:
    net = ncl(initial=InitialState(bump, swirl))
    x = points()
    torch.testing.assert_close(pickle.loads(pickle.dumps(net))(x), net(x))


def test_the_state_of_a_bump_normalized_before_is_that_bump() -> None:
    """The remedy that the message names."""
    x = points()
    largest = float(bump(x[:, :2]).max())
    net = ncl(initial=InitialState(lambda x: bump(x) / largest))
    x[:, 2] = 0
    torch.testing.assert_close(net.density(x), bump(x[:, :2]) / largest)


def test_all_functions_of_an_ansatz_are_checked_together() -> None:
    """What nobody named, as a part of a lifting, is refused too."""
    net = incompressible(lifting=bump)
    net._ansatz.function = lambda x: torch.ones(len(x), 3) * x.mean()
    with pytest.raises(ValueError, match=r"^initial, wall or lifting: .*each point"):
        net(points())


@pytest.mark.parametrize("served", [0, 1, 2, None])
@pytest.mark.parametrize(
    "build",
    [
        lambda s: ncl(mean_density=2.0, served=s),
        lambda s: DivergenceFree([3, 8, 3], *GLOROT, served=s),
        lambda s: incompressible(served=s),
    ],
)
def test_feature_transforms(build, served) -> None:
    for transform in (lambda x: x - x.mean(dim=0), lambda x: x / len(x)):
        net = build(served)
        net.apply_feature_transform(transform)
        with pytest.raises(ValueError, match=r"^transform: .*each point by itself"):
            net(points())
    with pytest.raises(ValueError, match=r"^transform: .*torch.sin for np.sin"):
        build(served).apply_feature_transform(np.sin)
    net = build(served)
    net.apply_feature_transform(lambda x: x[:, :2])
    net(points())
    net.apply_feature_transform(lambda x: x[:, :2] / len(x))  # checked anew
    with pytest.raises(ValueError, match="each point by itself"):
        net(points())


def test_feature_transform_in_many_dimensions() -> None:
    net = DivergenceFree([12, 8, 12], *GLOROT)
    net.apply_feature_transform(lambda x: x - x.mean(dim=0))
    with pytest.raises(ValueError, match=r"^transform: .*each point by itself"):
        net(torch.rand(9, 12))


@pytest.mark.parametrize("served", [0, 1, 2])
def test_a_trained_feature_transform_is_trained(served) -> None:
    """Against a difference quotient; its error is of order 1e-10 for steps of 1e-5."""
    A, net = dde.Variable(1.3), ncl(mean_density=2.0, served=served)
    net.apply_feature_transform(lambda x: torch.sin(A * x))
    x = points()

    def loss():
        z = x.clone().requires_grad_()
        y = net(z)
        dde.gradients.clear()
        return dde.grad.jacobian(y, z, i=1, j=0).square().mean() + y.square().mean()

    (slope,) = torch.autograd.grad(loss(), A)
    with torch.no_grad():
        A.add_(1e-5)
    above = loss()
    with torch.no_grad():
        A.sub_(2e-5)
    quotient = (above - loss()) / 2e-5
    torch.testing.assert_close(slope, quotient.detach(), rtol=1e-6, atol=0)


def test_potentials_on_a_lattice() -> None:
    A = dde.Variable(1.0)
    for function, message in (
        (lambda x: A * torch.cos(2 * torch.pi * x[:, :1]), "without trainable"),
        (lambda x: torch.cos(2 * torch.pi * x[:, :1]) / len(x), "each point by itself"),
    ):
        with pytest.raises(ValueError, match=rf"^density: .*{message}"):
            FourierPotential(function, [1.0, 1.0], num=8)

        def stream(x, function=function):
            return torch.cat([torch.zeros_like(x[:, 1:]), function(x)], dim=1)

        with pytest.raises(ValueError, match=rf"^velocity: .*{message}"):
            InitialVelocity.on_torus(stream, [1.0, 1.0], num=8)
    homotopy = HomotopyPotential(lambda x: bump(x) / len(x))
    net = ncl(initial=InitialState(bump, ramp=0.1, potential=homotopy))
    with pytest.raises(ValueError, match=r"^potential of initial: .*each point"):
        net(points())


def test_a_network_that_mixes_points_is_not_continued() -> None:
    net = dde.nn.FNN([3, 8, 3], *GLOROT)
    then = Continuation(net, 0.0, 1.0, output="flux")
    then(points())
    net.apply_output_transform(lambda x, y: y - y.mean(dim=0))
    with pytest.raises(ValueError, match=r"^net: must be a function of each point"):
        Continuation(net, 0.0, 1.0, output="flux")(points())


def test_walls_are_checked_when_built_at_their_points() -> None:
    with pytest.raises(ValueError, match=r"^wall: must be a function of each point"):
        GivenFunctions(2, 3, None, Wall(lambda x: x - x.mean(dim=0), CIRCLE))
    given = GivenFunctions(2, 3, None, Wall(disk, CIRCLE))
    given(points())
