r"""An exact variable-density flow in the unit ball: a vortex that turns.

Hill's vortex fills the ball, in the frame X = R(t)^T x that turns about the first axis
with the rate omega(t) = 1 + 0.6 cos 2t:

    v = (X_1 X_3, X_2 X_3, 1 - 2 q - X_3^2) / 2,  q = X_1^2 + X_2^2,

div v = 0, and v.X = 0 where |X| = 1. The density is a function of its stream function
and so constant along v:

    u = omega e_1 x x + R v,  rho = 1 + 3 q (1 - |X|^2),
    p = sin(2 x_1 + x_2) cos(x_3 - t) cos t.

The force is f = rho Du/Dt + grad p, with Coriolis, centrifugal and Euler terms in
R^T Du/Dt = (v . grad) v + 2 omega e_1 x v + omega^2 e_1 x (e_1 x X) + omega' e_1 x X.
"""

import numpy as np


def _turn(t):
    """Return R (3, 3), omega and its rate."""
    angle = t + 0.3 * np.sin(2 * t)
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return R, 1 + 0.6 * np.cos(2 * t), -1.2 * np.sin(2 * t)


def _about_first_axis(y):
    return np.stack([0 * y[0], -y[2], y[1]])


def _vortex(X):
    q = X[0] ** 2 + X[1] ** 2
    return np.stack([X[0] * X[2], X[1] * X[2], 1 - 2 * q - X[2] ** 2]) / 2


def _convection(X):
    """Return (v . grad) v."""
    v1, v2, v3 = _vortex(X)
    along = v1 * X[2] + v3 * X[0], v2 * X[2] + v3 * X[1]
    return np.stack([*along, -4 * (X[0] * v1 + X[1] * v2) - 2 * X[2] * v3]) / 2


def density(x, t=0.0):
    X = _turn(t)[0].T @ x
    q = X[0] ** 2 + X[1] ** 2
    return 1 + 3 * q * (1 - q - X[2] ** 2)


def velocity(x, t=0.0):
    R, omega, _ = _turn(t)
    return omega * _about_first_axis(x) + R @ _vortex(R.T @ x)


def pressure(x, t=0.0):
    return np.sin(2 * x[0] + x[1]) * np.cos(x[2] - t) * np.cos(t)


def force(x, t):
    R, omega, rate = _turn(t)
    X = R.T @ x
    around = _about_first_axis(X)
    acceleration = _convection(X) + 2 * omega * _about_first_axis(_vortex(X))
    acceleration += omega**2 * _about_first_axis(around) + rate * around
    a, b = 2 * x[0] + x[1], x[2] - t
    slope = np.cos(a) * np.cos(b)
    grad_p = np.cos(t) * np.stack([2 * slope, slope, -np.sin(a) * np.sin(b)])
    return density(x, t) * (R @ acceleration) + grad_p


def points(count=4000, seed=0):
    """Return points (3, count), uniform in the ball."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, count))
    return x / np.linalg.norm(x, axis=0) * rng.random(count) ** (1 / 3)


def errors(result, t):
    """Return relative L2 errors of rho, u and p (without its mean) at time t."""
    x = points()
    values = {name: v.T for name, v in result.evaluate(x.T, t).items()}
    exact = {"rho": density(x, t)[None], "u": velocity(x, t), "p": pressure(x, t)[None]}
    values["p"] = values["p"] + (exact["p"] - values["p"]).mean()
    return {
        name: float(np.linalg.norm(values[name] - e) / np.linalg.norm(e))
        for name, e in exact.items()
    }
