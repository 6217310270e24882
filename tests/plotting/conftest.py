"""Flows known in closed form, for the figures."""

import numpy as np
import pytest


def make_blob(amplitude=1.0):
    """A density blob carried by a constant velocity, beside a shear flow."""

    def blob(points, time):
        x, y = 2 * np.pi * (points - np.array([1.0, 0.5]) * time).T
        rho = 1 + amplitude * np.exp(np.cos(x) + np.cos(y) - 2)
        shear = np.stack([2 + np.sin(y), 1 + 0 * x], axis=1) * amplitude
        return {"rho": rho[:, None], "u": shear, "p": np.zeros((len(points), 1))}

    return blob


@pytest.fixture
def solutions():
    return {"pinn": make_blob(2.0), "ncl-matrix": make_blob(), "fem": make_blob()}
