"""The conditional affine map is invertible at any coefficients."""

import pytest
import torch

from ncl_deepxde.flows import ConditionalSVD, Moments
from ncl_deepxde.flows.svd import LEAST


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_singular_values_are_those_given(dim) -> None:
    layer = ConditionalSVD(dim)
    c = 3 * torch.randn(1, 6, 1, layer.num_coefficients)
    ((A, b),) = layer.prepare([layer], c)
    assert (A.shape, b.shape) == ((1, 6, dim, dim), (1, 6, dim))
    log_s, shift = c[0, :, 0, 2 * dim * dim :].split(dim, dim=1)
    expected = (log_s.exp() + LEAST).sort(descending=True)[0]
    found = torch.linalg.svdvals(A[0])
    # Products of 2 d reflections round by some eps of the largest value.
    limit = 1e-14 * float(expected.max())
    torch.testing.assert_close(found, expected, rtol=0, atol=limit)
    assert torch.equal(b[0], shift)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_start_is_nearly_the_identity(dim) -> None:
    layer = ConditionalSVD(dim)
    start = layer.start_coefficients()
    assert start.shape == (layer.num_coefficients,)
    ((A, b),) = layer.prepare([layer], start[None, None, None])
    # V undoes U; the singular values are 1 + LEAST.
    expected = (1 + LEAST) * torch.eye(dim)
    torch.testing.assert_close(A[0, 0], expected, rtol=0, atol=1e-14)
    assert torch.equal(b[0, 0], torch.zeros(dim))


def test_very_small_singular_values_are_inverted() -> None:
    layer = ConditionalSVD(2)
    c = layer.start_coefficients()
    c[-4:-2] = -100.0
    ((A, b),) = layer.prepare([layer], c[None, None, None].expand(1, 5, 1, -1))
    y, moments = torch.randn(5, 2), Moments(None, 5)
    x = layer.inverse(y, (A, b), moments)
    torch.testing.assert_close(layer(x[None], (A, b), moments)[0], y)
    torch.testing.assert_close(x, y / LEAST)


def test_vector_that_passes_near_zero_keeps_its_rate() -> None:
    """In one dimension the reflection is -1 at any length: its rate is exactly 0."""
    layer = ConditionalSVD(1)
    c = torch.tensor([[1e-9, 1e-9, 0.0, 0.0], [0.3, -0.7, 0.0, 0.0]])
    ((A, _),) = layer.prepare([layer], c[:, None, None])
    assert float(A[1, 0, 0, 0]) == 0
