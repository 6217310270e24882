"""The contract of maps of channels, kept by the smallest of them."""

import pytest
import torch

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn.base.channels import ChannelMap
from ncl_deepxde.nn.base.field import FieldNet
from ncl_deepxde.nn.base.spec import Constant, FieldSpec, Layers
from ncl_deepxde.potentials import Summand


class Doubled(ChannelMap):
    """Twice the perceptron, and the first coordinate as a fixed channel."""

    num_fixed = 1

    def __call__(self, streams, inputs, space):
        fixed = torch.zeros_like(streams[..., :1])
        fixed[0, :, 0] = inputs[:, 0]
        if space.order:
            fixed[space.position[1, 0], :, 0] = 1
        return torch.cat([2 * streams, fixed], dim=-1)


def test_a_map_must_say_what_it_does() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ChannelMap()


def test_a_field_reads_its_outputs_off_the_mapped_channels() -> None:
    layers = Layers([6], "tanh", "Glorot normal", None, (None, None), 1)
    # y = (d_1 of the only channel, the fixed channel after it).
    components = [[Summand((1,), 0)], [Summand((), 1)]]
    spec = FieldSpec(components, 1, [Constant()] * 2, 0, 1, ansatz=Doubled())
    net, x = FieldNet(layers, spec), torch.rand(7, 2).requires_grad_()
    y, space = net(x), jet_space(2, 1)
    streams = net.network.jet(x, space)
    torch.testing.assert_close(y[:, :1], 2 * streams[space.position[0, 1]])
    torch.testing.assert_close(y[:, 1], x[:, 0])
    (slope,) = torch.autograd.grad(y[:, 1].sum(), x)
    assert torch.equal(slope, torch.tensor([1.0, 0.0]).expand(7, 2))
