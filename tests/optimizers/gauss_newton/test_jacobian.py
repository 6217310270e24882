"""The Jacobian of residuals: matrices by panels, in bounded memory."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torus_flow import jacobian_of, matrix_of, torus_model

from ncl_deepxde.optimizers.gauss_newton import jacobian as module
from ncl_deepxde.optimizers.gauss_newton.cg import nystrom


@pytest.mark.parametrize("entries", [1, 500, 2**24])
def test_panels_do_not_change_the_matrices(monkeypatch, entries: int) -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    monkeypatch.setattr(module, "ENTRIES", entries)
    # Sums of some hundred products in another order.
    close = {"rtol": 0, "atol": 1e-13 * J.square().sum().item()}
    torch.testing.assert_close(matrix_of(jacobian), J)
    torch.testing.assert_close(jacobian.kernel().tril(), (J @ J.T).tril(), **close)
    torch.testing.assert_close(jacobian.gram().tril(), (J.T @ J).tril(), **close)


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that was made."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for found in out if isinstance(out, (list, tuple)) else [out]:
            if isinstance(found, torch.Tensor):
                self.entries = max(self.entries, found.numel())
        return out


def test_memory_does_not_grow_with_points_times_parameters(monkeypatch) -> None:
    model = torus_model(width=80)
    monkeypatch.setattr(module, "ENTRIES", 40_000)
    with Largest() as largest:
        jacobian = jacobian_of(model)
        with torch.no_grad():
            K = jacobian.kernel()
    widest = max(p.numel() for p in model.net.parameters())
    assert (len(K), widest) == (69, 6400)
    # Streams of a layer: ten derivatives at 20 points, 80 units.
    assert largest.entries <= 40_000 < 20 * widest
    with Largest() as largest, torch.no_grad():
        jacobian.kernel()
        jacobian.pull(jacobian.residuals)
        nystrom(jacobian, 10, 0)
    assert largest.entries <= 40_000
