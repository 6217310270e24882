"""The cavity: walls and corners are right, the reference is that of others."""

import numpy as np
import torch

# Of a spectral solution in github.com/wephy/physics-informed-neural-networks (src/pinn/
# references/ldc.npz, made with Dedalus): x, y, u, v.
PUBLISHED = [
    (0.4921463413440897, 0.21249737397836077, -0.1065282716, 0.0041013108),
    (0.21249737397836077, 0.6619587090990747, -0.0306812320, 0.2036411713),
    (0.8002101126629421, 0.9090748587125117, 0.3326399941, -0.1850705702),
]


def walls(n=9):
    s = torch.linspace(0, 1, n)[1:-1]
    zero, one = torch.zeros_like(s), torch.ones_like(s)
    sides = [(s, zero), (s, one), (zero, s), (one, s)]
    return torch.cat([torch.stack(side, dim=1) for side in sides])


def test_networks_keep_the_walls(problems):
    cavity, x = problems("cavity"), walls()
    on_lid = (x[:, 1] == 1).double()
    wanted = torch.stack([4 * x[:, 0] * (1 - x[:, 0]) * on_lid, 0 * on_lid], dim=1)
    for network in (cavity.exact, cavity.plain):
        found = network()[0](x)
        assert found.shape == (28, 3)
        torch.testing.assert_close(found[:, :2], wanted, rtol=0, atol=1e-12)


def test_exact_network_is_incompressible(problems, points, slopes):
    y = problems("cavity").exact()[0](points)
    u_x, v_y = (slopes(y[:, i : i + 1], points)[:, i] for i in range(2))
    torch.testing.assert_close(u_x, -v_y, rtol=0, atol=1e-12)


def test_corners_are_built_in(problems):
    cavity = problems("cavity")
    net, residual = cavity.exact()
    for side in (0.0, 1.0):
        for r in (1e-2, 1e-4):
            x = torch.tensor([[abs(side - 0.6 * r), 1 - 0.8 * r]]).requires_grad_()
            found = torch.cat(residual(x, net(x))).detach().abs().max()
            alone = cavity.corner_pressure_gradient(x.detach()).abs().max()
            # Either part grows as 8 nu / r, the sum is bounded.
            assert float(alone) > 0.04 / r
            assert float(found) < 5


def test_reference_is_that_of_others(problems):
    cavity, module = problems("cavity"), problems("stream_function")
    rows = np.array(PUBLISHED)
    found = module.velocity(cavity.lid, cavity.VISCOSITY, 14, rows[:, :2])
    # Of degree 14 the relative l2 error is some 1e-4.
    np.testing.assert_allclose(found, rows[:, 2:], atol=1e-4)


def test_residuals_know_every_term(problems, points, slopes):
    cavity = problems("cavity")
    x, y = points[:, :1], points[:, 1:]
    # Poiseuille's flow and a flow with the pressure of its inertia.
    channel = torch.cat([y * (1 - y), 0 * x, -2 * cavity.VISCOSITY * x], dim=1)
    strain = torch.cat([x, -y, -(x**2 + y**2) / 2], dim=1)
    for flow in (channel, strain):
        for residual in cavity.plain()[1](points, flow):
            assert residual.shape == (7, 1)
            assert float(residual.detach().abs().max()) < 1e-13
