"""Waves: the solution solves the equation, networks keep the ends and the start."""

import math

import torch


def waves(wave, x):
    """Return u and w of the two standing waves."""
    c = wave.SPEED
    u, w = 0, 0
    for n, size in ((1, 1.0), (4, 0.5)):
        space, time = n * math.pi * x[:, :1], n * c * math.pi * x[:, 1:]
        u = u + size * torch.sin(space) * torch.cos(time)
        w = w - size * c * torch.cos(space) * torch.sin(time)
    return u, w


def test_residuals_of_the_solution_vanish(problems, points):
    wave = problems("wave")
    u, w = waves(wave, points)
    for network, y in ((wave.plain, u), (wave.exact, torch.cat([u, w], dim=1))):
        # Terms of the size 1e3.
        assert float(network()[1](points, y).detach().abs().max()) < 1e-11
    x, t = points.detach().numpy().T
    torch.testing.assert_close(u.detach()[:, 0], torch.as_tensor(wave.solution(x, t)))


def test_networks_keep_start_and_ends(problems, points, slopes, flux_is_free):
    wave = problems("wave")
    at_start = (points.detach() * torch.tensor([1.0, 0.0])).requires_grad_()
    ends = points.detach().clone()
    ends[:, 0] = torch.arange(7) % 2
    for network in (wave.plain, wave.exact):
        net = network()[0]
        u = net(at_start)[:, :1]
        torch.testing.assert_close(u, wave.initial(at_start), rtol=0, atol=1e-14)
        assert float(slopes(u, at_start)[:, 1].detach().abs().max()) < 1e-12
        assert float(net(ends)[:, 0].detach().abs().max()) < 1e-14
    flux_is_free(net, points)
