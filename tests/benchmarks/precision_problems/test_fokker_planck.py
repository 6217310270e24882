"""The density in nine dimensions: the solution solves the equations."""

import math

import numpy as np
import pytest
import torch


@pytest.fixture
def space_time():
    x = 10 * torch.rand(5, 10) - 5
    x[:, 9] = torch.rand(5)
    return x.requires_grad_()


def test_residuals_of_the_solution_vanish(problems, space_time):
    module = problems("fokker_planck")
    x, t = space_time[:, :9], space_time[:, 9:]
    variance = 2 - torch.exp(-t)
    q = -x.square().sum(1, keepdim=True) / (2 * variance)
    q = q - 4.5 * torch.log(2 * math.pi * variance)
    u = x * (1 / variance - 1 / 2)
    for network, y in ((module.plain, q), (module.exact, torch.cat([q, u], dim=1))):
        found = network()[1](space_time, y)
        for residual in found if isinstance(found, list) else [found]:
            assert residual.shape == (5, 1)
            assert float(residual.detach().abs().max()) < 1e-12
    points = space_time.detach().numpy()
    known = module.solution(points[:, :9], points[:, 9])
    np.testing.assert_allclose(q.detach().numpy()[:, 0], known, rtol=1e-13)


def test_plain_network_starts_right(problems, space_time):
    module = problems("fokker_planck")
    x = space_time.detach().clone()
    x[:, 9] = 0
    torch.testing.assert_close(module.plain()[0](x), module.initial(x))
    (defect,) = module.starts_right(x, module.initial(x))
    assert not defect.any()


def test_flow_obeys_continuity(problems, space_time, slopes):
    net = problems("fokker_planck").exact()[0]
    y = net(space_time)
    q = slopes(y[:, :1], space_time)
    carried = sum(
        slopes(y[:, i + 1 : i + 2], space_time)[:, i] + y[:, i + 1] * q[:, i]
        for i in range(9)
    )
    scale = float(carried.detach().abs().max())
    torch.testing.assert_close(q[:, 9], -carried, rtol=0, atol=1e-11 * max(scale, 1.0))


def test_points_have_few_moments(problems):
    module = problems("fokker_planck")
    x = module.few_moments(40, torch.Generator().manual_seed(0))
    assert x.shape == (40, 10)
    assert len(x[:, 9].unique()) == module.MOMENTS
    assert bool(
        (x[:, :9].abs() <= 5).all() & (x[:, 9] >= 0).all() & (x[:, 9] < 1).all()
    )
