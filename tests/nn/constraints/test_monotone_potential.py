"""The potential of a state between two ends: its ends, its refusals."""

import pytest
import torch

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.nn import InitialState, KnownFlux
from ncl_deepxde.nn.constraints.known_source import KnownRate, Supply
from ncl_deepxde.nn.constraints.monotone_map import num_parameters
from ncl_deepxde.nn.constraints.monotone_potential import (
    MonotonePotential,
    StateBetween,
)

FLUX = KnownFlux.of_ends(1.0, 3.0, [torch.sin, torch.cos])
PASSED = Supply(FLUX)
START = InitialState(lambda x: 3 * x**2, ramp=0.5)
SUMMED = Supply(KnownRate(START.density), start=1.0)


def at(x, t):
    return torch.cat([torch.full_like(t, float(x)), t], dim=1)


def test_potential_is_what_has_passed_the_ends() -> None:
    known = StateBetween(1.0, 3.0, 26.0, START, SUMMED, PASSED)
    space, t = jet_space(2, 1), torch.rand(5, 1)
    channels = num_parameters(2, 3)

    def potential(z):
        streams = jet_of_callable(
            lambda z: torch.sin(z[:, 1:] * torch.arange(channels)), z, space
        )
        found = MonotonePotential(known, 2)(streams, z, space)
        assert found.shape == (3, 5, channels + 1)
        return found[0, :, -1:]

    # The integral of 3 x^2 from 1 to 3 is 26.
    torch.testing.assert_close(potential(at(1, t)), torch.cos(t) - 1)
    torch.testing.assert_close(potential(at(3, t)), 26 - torch.sin(t))
    x = 1 + 2 * torch.rand(5, 1)
    begin = potential(torch.cat([x, 0 * x], dim=1))
    torch.testing.assert_close(begin, x**3 - 1)


def test_refusals_name_what_is_wrong() -> None:
    known = StateBetween(1.0, 3.0, 0.5, START, SUMMED, PASSED)
    known.check(at(2, torch.tensor([[0.1]])))
    with pytest.raises(ValueError, match="places must be between 1 and 3"):
        known.check(at(0, torch.tensor([[0.1]])))
    with pytest.raises(ValueError, match="times must not be before the start"):
        known.check(at(2, torch.tensor([[-0.1]])))
    # What has flown out by then, sin t - (1 - cos t), is 0.3 or more.
    small = StateBetween(1.0, 3.0, 0.2, passed=PASSED)
    with pytest.raises(ValueError, match="more must not flow out"):
        small.check(at(2, torch.tensor([[0.8]])))
