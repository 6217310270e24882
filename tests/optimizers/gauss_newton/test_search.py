"""The search along a curve: sizes, corrections, what ends both."""

from __future__ import annotations

import math

import pytest
import torch

from ncl_deepxde.optimizers.gauss_newton.curve import Curve
from ncl_deepxde.optimizers.gauss_newton.search import Corrections, search


class Valley:
    r"""Residuals :math:`(y - x^2) / \epsilon, x - 2`: a curved valley, from (1, 1)."""

    STEEP = 1e-2

    def __init__(self) -> None:
        self.point = torch.ones(2, dtype=torch.float64)
        self.J = self.jacobian()

    def residuals(self) -> torch.Tensor:
        x, y = self.point
        return torch.stack([(y - x**2) / self.STEEP, x - 2])

    def jacobian(self) -> torch.Tensor:
        x = self.point[0].item()
        return torch.tensor(
            [[-2 * x / self.STEEP, 1 / self.STEEP], [1.0, 0.0]], dtype=torch.float64
        )

    def solver(self, damping):
        K = self.J @ self.J.T
        damped = K + damping * K.diagonal().mean() * torch.eye(2, dtype=torch.float64)
        return lambda b: [self.J.T @ torch.linalg.solve(damped, b)]

    def corrections(self, most, damping=1e-3):
        return Corrections(self.residuals, self.solver, damping, 1e-12, most)

    def searched(self, most, *, scale=1.0, halvings=6, **options):
        """Search along the undamped direction, times a scale."""
        (direction,) = self.solver(1e-12)(self.residuals())
        curve = Curve([self.point], [scale * direction])
        loss = self.residuals().square().sum().item()
        left = self.residuals() - self.J @ (scale * direction)
        predicted = loss - left.square().sum().item()
        found = search(
            curve, self.corrections(most, **options), loss, predicted, halvings
        )
        return found, loss


def test_corrections_lead_back_to_the_floor_of_the_valley() -> None:
    # The full step goes to (2, 3), where the loss is (1 / 1e-2)^2: without corrections
    # only short steps lower it.
    plain, loss = Valley().searched(0)
    assert 0 < plain.size < 1 / 8
    valley = Valley()
    found, _ = valley.searched(5)
    assert found.size >= 4 * plain.size
    assert found.corrections > 0
    assert loss - found.loss > 4 * (loss - plain.loss)
    # To the digits of the loss: the parameters are where it was measured.
    assert valley.residuals().square().sum().item() == pytest.approx(found.loss)


def test_the_best_halving_is_taken() -> None:
    found, loss = Valley().searched(0)
    losses = {}
    for k in range(7):
        valley = Valley()
        (direction,) = valley.solver(1e-12)(valley.residuals())
        valley.point -= 0.5**k * direction
        losses[0.5**k] = valley.residuals().square().sum().item()
    assert found.size == min(losses, key=losses.get)
    assert found.loss == losses[found.size] < loss


def test_a_direction_upwards_is_not_followed() -> None:
    valley = Valley()
    found, loss = valley.searched(0, scale=-1.0, halvings=3)
    assert (found.size, found.loss, found.corrections) == (0.0, loss, 0)
    assert torch.equal(valley.point, torch.ones_like(valley.point))


def test_trials_that_are_not_finite_are_left() -> None:
    class Cliff(Valley):
        def residuals(self) -> torch.Tensor:
            found = super().residuals()
            return found * (math.nan if self.point[0] > 1.3 else 1.0)

    found, loss = Cliff().searched(2)
    assert 0 < found.size <= 1 / 8
    assert found.loss < loss


def test_corrections_that_fail_are_undone_and_raise_their_damping() -> None:
    valley = Valley()
    valley.point.copy_(torch.tensor([1.5, 1.0]))
    corrections = valley.corrections(3)
    # The Jacobian is that of another place, and of the wrong sign here.
    valley.J = -valley.jacobian()
    before = valley.residuals().square().sum().item()
    loss, number = corrections.apply([valley.point], math.inf)
    assert (loss, number) == (before, 0)
    assert valley.point.tolist() == [1.5, 1.0]
    assert corrections.damping == pytest.approx(4e-3)


def test_a_loss_of_zero_is_left_alone() -> None:
    valley = Valley()
    valley.point.copy_(torch.tensor([2.0, 4.0]))
    assert valley.corrections(3).apply([valley.point], math.inf) == (0.0, 0)


def test_corrections_longer_than_the_step_are_not_made() -> None:
    valley, found = Valley(), []
    for reach in (math.inf, 1e-3):
        valley.point.copy_(torch.tensor([0.0, 1.0]))
        found.append(valley.corrections(1).apply([valley.point], reach))
    assert [number for _, number in found] == [1, 0]
    assert valley.point.tolist() == [0.0, 1.0]
