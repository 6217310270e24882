"""What a function depends on: every change is seen, and nothing else is one."""

import pytest
import torch

from ncl_deepxde.jets.snapshot import Snapshot, weights_state


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


def by_data(net):
    net[0].weight.data[1, 1] += 1e-6


def by_vector(net):
    vector = torch.nn.utils.parameters_to_vector(net.parameters())
    torch.nn.utils.vector_to_parameters(1.01 * vector, net.parameters())


def by_buffer(net):
    net[1].running_mean.data[2] = 0.5


def by_number(net):
    net[1].num_batches_tracked += 1


def in_place(net):
    with torch.no_grad():
        net[0].bias[0] += 1.0


@pytest.mark.parametrize("change", [by_data, by_vector, by_buffer, by_number, in_place])
def test_every_change_is_seen(change):
    net = network()
    before = weights_state(net)
    assert before == weights_state(net)
    change(net)
    assert before != weights_state(net)
    assert before.digest() != weights_state(net).digest()


def test_values_count_and_not_where_they_are():
    assert weights_state(network()) == weights_state(network())
    one = torch.ones(2)
    assert Snapshot([one]) != Snapshot([one, one])
    assert Snapshot([one]) + Snapshot([one]) == Snapshot([one, one])
    assert Snapshot([one]) != Snapshot(
        [one.double() if one.dtype == torch.float32 else one.float()]
    )
    assert Snapshot([one]) != 1


def test_what_is_not_a_number_is_equal_to_itself():
    values = torch.tensor([1.0, torch.nan, torch.inf])
    assert Snapshot([values]) == Snapshot([values.clone()])
    assert Snapshot([values]) != Snapshot([torch.tensor([1.0, torch.nan, 0.0])])


def test_a_checksum_is_the_same_in_double_precision():
    values = torch.rand(5).float()
    assert Snapshot([values]).digest() == Snapshot([values.double()]).digest()
    assert Snapshot([values]).digest() != Snapshot([values[:, None]]).digest()
