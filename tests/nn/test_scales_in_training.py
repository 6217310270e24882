"""A network in units of a user trains like the same network in units of order one."""

import deepxde as dde
import numpy as np
import pytest
import torch
from scaled_pairs import LENGTH, ORIGIN, PAIRS, SPEED, TIME

from ncl_deepxde import nn
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def advection(speeds):
    """Return the residuals u_t + u . grad u, in units of a speed by a time."""

    def pde(x, y):
        u = [y[:, i + 1 : i + 2] / y[:, :1] for i in (0, 1)]
        residuals = []
        for i, speed in enumerate(speeds):
            u_x, u_y, u_t = (dde.grad.jacobian(u[i], x, i=0, j=j) for j in range(3))
            time = TIME if speeds is SPEED else 1.0
            residuals.append((u_t + u[0] * u_x + u[1] * u_y) * (time / speed))
        return residuals

    return pde


def losses(is_scaled, optimizer, steps):
    """Return the loss at the start and after some steps."""
    torch.manual_seed(1)
    net = PAIRS["ncl-start"].build(is_scaled)
    low, high = -np.ones(3), np.ones(3)
    if is_scaled:
        low, high = (np.array(ORIGIN) + c * np.array([*LENGTH, TIME]) for c in (-1, 1))
    geometry = dde.geometry.GeometryXTime(
        dde.geometry.Rectangle(low[:2], high[:2]),
        dde.geometry.TimeDomain(low[2], high[2]),
    )
    anchors = low + (high - low) * np.random.default_rng(0).random((60, 3))
    data = dde.data.TimePDE(
        geometry, advection(SPEED if is_scaled else [1.0, 1.0]), [], anchors=anchors
    )
    model = dde.Model(data, net)
    if optimizer == "adam":
        model.compile("adam", lr=1e-2, verbose=0)
    else:
        model.compile(GaussNewton(model), verbose=0)
    history, _ = model.train(iterations=steps, display_every=1, verbose=0)
    return np.array(history.loss_train).sum(axis=1)


@pytest.mark.parametrize(("optimizer", "steps"), [("adam", 20), ("gauss-newton", 6)])
def test_losses_go_down_alike(optimizer, steps) -> None:
    plain, scaled = (losses(is_scaled, optimizer, steps) for is_scaled in (False, True))
    assert len(plain) == len(scaled) == steps + 1
    assert plain[-1] < plain[0] / 2
    # Round-off of the first step grows from step to step, by less than ten.
    np.testing.assert_allclose(scaled, plain, rtol=1e-9)


@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_networks_of_different_scales_go_on_from_each_other(output, dtype) -> None:
    def build(scales, initial=None):
        return nn.NCL(
            [3, 8, 8, 4],
            "tanh",
            "Glorot normal",
            initial=initial,
            scales=scales,
            output=output,
            **({} if initial else {"mean_density": 0.2}),
        )

    seam = ORIGIN[2] + TIME
    scales = nn.Scales(LENGTH, TIME, density=5e-2, extras=1e5, origin=ORIGIN)
    others = nn.Scales(1e3, velocity=1e6, density=1.0, extras=10.0)
    first = build(scales)
    then = build(others, nn.Continuation(first, seam, TIME / 2))
    windows = nn.Windows([first, then], [seam])
    x = torch.tensor(ORIGIN) + (torch.rand(20, 3) - 0.5) * torch.tensor([*LENGTH, TIME])
    x[:, 2] = seam
    before, after = first(x).detach(), then(x).detach()
    limit = 8 * torch.finfo(dtype).eps
    error = (after - before).abs().amax(dim=0) / before.abs().amax(dim=0)
    assert float(error[:3].max()) <= limit  # the free output has a channel of its own
    later = x + torch.tensor([0.0, 0.0, TIME / 4])
    J = torch.func.vmap(torch.func.jacrev(lambda z: windows.flux(z[None])[0]))(later)
    terms = torch.stack([J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]], dim=1).detach()
    exact = {torch.float64: 1e-12, torch.float32: 1e-5}[dtype]
    assert float(terms.sum(1).abs().max()) <= exact * float(terms.abs().max())
