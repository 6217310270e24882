"""The map of the inputs, there and back."""

import torch

from ncl_deepxde.potentials.input_scaling import InputScaling


def test_inputs_are_shifted_and_divided(dtype) -> None:
    scaling = InputScaling([3.0, -1.0], [2.0, 0.5])
    x = torch.rand(7, 2)
    z = scaling(x)
    assert z.dtype == dtype
    assert z.shape == (7, 2)
    # A difference of numbers of size 3, rounded once, divided by 0.5.
    limit = 8 * torch.finfo(dtype).eps
    for i, (o, L) in enumerate([(3.0, 2.0), (-1.0, 0.5)]):
        assert float((z[:, i] - (x[:, i] - o) / L).abs().max()) <= limit
    assert float((scaling.inverse(z) - x).abs().max()) <= limit
    assert not scaling.is_identity
    assert scaling.state_dict() == {}


def test_units_of_one_leave_inputs_as_they_are() -> None:
    scaling, x = InputScaling([0.0, 0.0], [1.0, 1.0]), torch.rand(5, 2)
    assert scaling.is_identity
    assert scaling(x) is x
    assert scaling.inverse(x) is x
