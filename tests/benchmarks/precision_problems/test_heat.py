"""Heat: the solution solves it, networks are cold at the walls and start right."""

import math

import torch


def test_residuals_of_the_solution_vanish(problems, points):
    heat = problems("heat")
    decay = torch.exp(-heat.CONDUCTIVITY * math.pi**2 * points[:, 1:])
    u = decay * torch.sin(math.pi * points[:, :1])
    m = -heat.CONDUCTIVITY * math.pi * decay * torch.cos(math.pi * points[:, :1])
    for network, y in ((heat.plain, u), (heat.exact, torch.cat([u, m], dim=1))):
        assert float(network()[1](points, y).detach().abs().max()) < 1e-13
    x, t = points.detach().numpy().T
    known = torch.as_tensor(heat.solution(x, t))[:, None]
    torch.testing.assert_close(u.detach(), known)


def test_networks_start_right_and_are_cold_at_walls(problems, points, flux_is_free):
    heat = problems("heat")
    at_start = points.detach() * torch.tensor([1.0, 0.0])
    walls = points.detach().clone()
    walls[:, 0] = torch.arange(7) % 2
    for network in (heat.plain, heat.exact):
        net = network()[0]
        u = net(at_start)[:, :1]
        torch.testing.assert_close(u, heat.initial(at_start), rtol=0, atol=1e-14)
        assert float(net(walls)[:, 0].detach().abs().max()) < 1e-14
    flux_is_free(net, points)
