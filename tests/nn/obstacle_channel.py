"""A channel with a disk in it, and which of its sides are wall."""

import deepxde as dde
import numpy as np


def not_right(x):
    return ~np.isclose(x[:, 0], 2)


def along(x):
    return not_right(x) & ~np.isclose(x[:, 0], 0)


def channel():
    return dde.geometry.Rectangle([0, 0], [2, 1]) - dde.geometry.Disk([0.75, 0.5], 0.25)
