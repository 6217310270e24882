r"""Exact solutions of Navier-Stokes with density 1, without forces.

- Taylor-Green, on the square (0, 1)^2: u = (sin a cos b, -cos a sin b) F, with
  a = pi x, b = pi y, F = exp(-2 pi^2 nu t), p = (cos 2a + cos 2b) F^2 / 4,
  along whose sides it slides freely.
- L. I. G. Kovasznay, Proc. Camb. Phil. Soc. 44 (1948) 58-62, steady, with
  l = Re / 2 - (Re^2 / 4 + 4 pi^2)^(1/2): u = 1 - e^(l x) cos 2 pi y,
  v = l / (2 pi) e^(l x) sin 2 pi y, p = -e^(2 l x) / 2.
- C. R. Ethier and D. A. Steinman, Int. J. Numer. Meth. Fluids 19 (1994) 369-375, with
  a = pi / 4, d = pi / 2: a Beltrami flow in three dimensions that decays.
"""

import numpy as np

RE = 20
LAMBDA = RE / 2 - (RE**2 / 4 + 4 * np.pi**2) ** 0.5


def taylor_green(x, t, nu):
    a, b = np.pi * x
    decay = np.exp(-2 * np.pi**2 * nu * t)
    u = decay * np.stack([np.sin(a) * np.cos(b), -np.cos(a) * np.sin(b)])
    return u, decay**2 * (np.cos(2 * a) + np.cos(2 * b)) / 4


def kovasznay(x, t=0.0, nu=1 / RE):
    grown, b = np.exp(LAMBDA * x[0]), 2 * np.pi * x[1]
    u = np.stack([1 - grown * np.cos(b), LAMBDA / (2 * np.pi) * grown * np.sin(b)])
    return u, -(grown**2) / 2


def ethier_steinman(x, t, nu):
    a, d = np.pi / 4, np.pi / 2
    decay = np.exp(-nu * d * d * t)
    u, p = [], 0.0
    for i in range(3):
        x1, x2, x3 = np.roll(x, -i, axis=0)
        s, c = np.sin(a * x2 + d * x3), np.cos(a * x1 + d * x2)
        u.append(-a * decay * (np.exp(a * x1) * s + np.exp(a * x3) * c))
        p = p + np.exp(2 * a * x1)
        p = p + 2 * np.sin(a * x1 + d * x2) * np.cos(a * x3 + d * x1) * np.exp(
            a * (x2 + x3)
        )
    return np.stack(u), -(a**2) / 2 * decay**2 * p


def errors(result, exact, points, t, nu):
    """Return relative L2 errors of u and of p without its mean."""
    values = result.evaluate(points.T, t)
    u, p = exact(points, t, nu)
    found = values["p"][:, 0]
    p, found = p - p.mean(), found - found.mean()
    return {
        "u": float(np.linalg.norm(values["u"].T - u) / np.linalg.norm(u)),
        "p": float(np.linalg.norm(found - p) / np.linalg.norm(p)),
    }


def residual(exact, x, t, nu, h=1e-3):
    """Return the largest defects of momentum and divergence, by differences."""
    dim = len(x)
    steps = h * np.eye(dim)[:, :, None]

    def slope(i, which):
        ahead, behind = (exact(x + s * steps[i], t, nu)[which] for s in (1, -1))
        return (ahead - behind) / (2 * h)

    u = exact(x, t, nu)[0]
    rate = (exact(x, t + h, nu)[0] - exact(x, t - h, nu)[0]) / (2 * h)
    gradient = [slope(i, 0) for i in range(dim)]
    around = sum(exact(x + s * e, t, nu)[0] for e in steps for s in (1, -1))
    laplacian = (around - 2 * dim * u) / h**2
    momentum = rate + sum(u[i] * gradient[i] for i in range(dim)) - nu * laplacian
    momentum += np.stack([slope(i, 1) for i in range(dim)])
    divergence = sum(gradient[i][i] for i in range(dim))
    return np.abs(momentum).max(), np.abs(divergence).max()
