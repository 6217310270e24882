"""Two SIRENs: scales of the inputs and of the first layer."""

import torch

from ncl_deepxde.problems.observed import SirenFlow


def test_siren_scales_its_inputs_and_first_layer():
    """The formula of one hidden layer, written once more."""
    net = SirenFlow([-2.0, 0.0], [2.0, 5.0], 4, 1, 12.0)
    first, last = net.log_density
    unit = torch.tensor([[0.75, 0.2]])
    hidden = torch.sin(12 * (unit @ first.weight.T + first.bias))
    expected = (hidden @ last.weight.T + last.bias).exp()
    torch.testing.assert_close(net(torch.tensor([[1.0, 1.0]]))[:, :1], expected)
