r"""An exact variable-density solution, after Guermond and Salgado (2009).

A pattern psi carried along X(t) = (sin 2t, 1 - cos 2t) / 4, seen in z = x - X(t):

    u = X' + v,  v = (d_2 psi, -d_1 psi)(z),  rho = 2 + psi(z),
    p = sin(2 pi x_1) sin(2 pi x_2) cos t,  psi = 0.15 sin(2 pi z_1) cos(2 pi z_2).

psi is constant along v, so continuity holds without a source. The force is
f = rho Du/Dt + grad p with Du/Dt = X'' + (v . grad) v.
"""

import numpy as np

K, AMPLITUDE = 2 * np.pi, 0.15


def _waves(x, t):
    shift = np.array([np.sin(2 * t), 1 - np.cos(2 * t)]) / 4
    a, b = K * (x[:2] - shift[:, None])
    return np.sin(a), np.cos(a), np.sin(b), np.cos(b)


def density(x, t=0.0):
    sa, _, _, cb = _waves(x, t)
    return 2 + AMPLITUDE * sa * cb


def _pattern_velocity(x, t):
    sa, ca, sb, cb = _waves(x, t)
    return AMPLITUDE * K * np.stack([-sa * sb, -ca * cb])


def velocity(x, t=0.0):
    drift = np.array([np.cos(2 * t), np.sin(2 * t)]) / 2
    return drift[:, None] + _pattern_velocity(x, t)


def pressure(x, t=0.0):
    return np.sin(K * x[0]) * np.sin(K * x[1]) * np.cos(t)


def acceleration(x, t):
    sa, ca, sb, cb = _waves(x, t)
    v1, v2 = _pattern_velocity(x, t)
    convection = np.stack([-v1 * ca * sb - v2 * sa * cb, v1 * sa * cb + v2 * ca * sb])
    drift_rate = np.array([-np.sin(2 * t), np.cos(2 * t)])[:, None]
    return drift_rate + AMPLITUDE * K**2 * convection


def force(x, t):
    s1, c1 = np.sin(K * x[0]), np.cos(K * x[0])
    s2, c2 = np.sin(K * x[1]), np.cos(K * x[1])
    grad_p = K * np.cos(t) * np.stack([c1 * s2, s1 * c2])
    return density(x, t) * acceleration(x, t) + grad_p


def viscous_force(x, t, mu):
    """Return f with friction: the Laplacian of the pattern is -2 k^2 of it."""
    return force(x, t) + 2 * mu * K**2 * _pattern_velocity(x, t)


def grid(m=64):
    """Return m^2 points (2, m^2) that are no nodes of any mesh used."""
    axis = (np.arange(m) + 0.37) / m
    return np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1)


def errors(result, t):
    """Return relative L2 errors of rho, u and p at time t."""
    x = grid()
    values = result.evaluate(x.T, t)
    exact = {"rho": density(x, t)[None], "u": velocity(x, t), "p": pressure(x, t)[None]}
    return {
        name: float(np.linalg.norm(values[name].T - e) / np.linalg.norm(e))
        for name, e in exact.items()
    }
