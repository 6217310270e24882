"""Loss terms: means over known entries, and columns whose squares add up to them."""

import pytest
import torch

from ncl_deepxde.data.terms import Call, Condition, Penalty, Term, named_terms

NAN = float("nan")


def mean_square(target, value):
    return (value - target).square().mean()


def test_loss_is_the_mean_over_known_entries():
    r = torch.tensor([[1.0, 2.0], [3.0, NAN]])
    term = Term("r", r, ~r.isnan())
    assert term.loss(mean_square) == pytest.approx(14 / 3)
    assert Term("r", r[:1]).loss(mean_square) == pytest.approx(2.5)


def test_loss_without_a_known_entry_is_zero_and_has_a_gradient():
    r = torch.ones(3, 1, requires_grad=True)
    loss = Term("r", r, torch.zeros(3, 1, dtype=torch.bool)).loss(mean_square)
    assert float(loss.detach()) == 0
    assert torch.equal(torch.autograd.grad(loss, r)[0], torch.zeros(3, 1))


@pytest.mark.parametrize("gaps", [False, True])
def test_squares_of_columns_add_up_to_the_weighted_term(gaps):
    r = torch.randn(7, 2)
    is_known = torch.arange(14).reshape(7, 2) % 3 > 0 if gaps else None
    term = Term("r", r, is_known)
    columns = term.columns(0.3)
    assert [c.shape for c in columns] == [(7,), (7,)]
    total = sum(c.square().sum() for c in columns)
    torch.testing.assert_close(total, 0.3 * term.loss(mean_square))


def test_a_condition_makes_one_term_of_each_defect():
    points = torch.rand(7, 3)
    condition = Condition(
        "wall", lambda n, g: points, 7, lambda x, y: [x[:, :1], y], False
    )
    call = Call.of(condition, points)
    inputs = call.inputs()
    assert not inputs.requires_grad
    assert [t.name for t in call.terms(inputs, inputs[:, 2:])] == ["wall 1", "wall 2"]


def test_one_residual_keeps_the_plain_name():
    r = torch.zeros(7, 1)
    assert [t.name for t in named_terms(r, "pde", None, 7)] == ["pde"]
    assert [t.name for t in named_terms([r, r], "pde", ["a", "b"], 7)] == ["a", "b"]
    with pytest.raises(ValueError, match="one name for each of the 2 residuals"):
        named_terms([r, r], "pde", ["a"], 7)
    with pytest.raises(ValueError, match=r"\(N, 1\) = \(7, 1\), got \(7,\)"):
        named_terms([r[:, 0]], "pde", None, 7)


def test_penalty_must_be_one_number():
    net = torch.nn.Linear(1, 1)
    assert Penalty("bias", lambda n: n.bias.sum()).value(net).shape == ()
    with pytest.raises(ValueError, match=r"^Penalty 'bias': .*got \(1,\)"):
        Penalty("bias", lambda n: n.bias).value(net)
