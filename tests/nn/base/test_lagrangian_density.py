"""What flows with a constant and with a changing mass share."""

import pytest
import torch

from ncl_deepxde.nn import LFlow


@pytest.mark.parametrize("mass", [2.5, lambda t: 2.5 + 0 * t])
def test_the_kind_of_mass_changes_nothing_else(mass):
    torch.manual_seed(0)
    net = LFlow(2, blocks=1, width=4, total_mass=mass, extras=1)
    torch.manual_seed(0)
    other = LFlow(2, blocks=1, width=4, total_mass=2.5, extras=1)
    x = torch.rand(5, 3)
    torch.testing.assert_close(net(x), other(x))
    assert net(x).shape == (5, 4)
    torch.testing.assert_close(
        net.sample(3, 0.5, torch.Generator().manual_seed(0)),
        other.sample(3, 0.5, torch.Generator().manual_seed(0)),
    )
