"""Light runs at its speed in both directions, along every axis."""

import torch
from known_solutions import wave_speeds

from ncl_deepxde import laws


def test_light_has_one_speed() -> None:
    for axis in range(2):
        found = wave_speeds(laws.maxwell(1.3), torch.rand(3), axis)
        torch.testing.assert_close(found, torch.tensor([-1.3, 0.0, 1.3]))
