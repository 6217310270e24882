"""Bounded domains: points inside stay inside, points outside are refused."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ncl_deepxde.flows import Ball, Box, Moments

NOBODY = Moments(None, 0)


def far_points(dim, scale):
    """Return points in all directions, from the middle to beyond what eps resolves."""
    direction = torch.randn(200, dim)
    direction = direction / direction.norm(dim=1, keepdim=True)
    return direction * scale ** torch.linspace(-1, 1, 200)[:, None]


@settings(derandomize=True, deadline=None, max_examples=25, database=None)
@given(
    st.integers(1, 3),
    st.floats(-1e3, 1e3),
    st.floats(1e-2, 1e4),
    st.sampled_from([torch.float32, torch.float64]),
)
def check_inverse_stays_inside(shape, dim, center, size, dtype) -> None:
    center = [center * (-0.7) ** k for k in range(dim)]
    if shape == "box":
        domain = Box([c - size for c in center], [c + size for c in center])
        scale = 30.0
    else:
        domain, scale = Ball(center, size), 1e9
    domain = domain.to(dtype)
    x = domain.inverse(far_points(dim, scale).to(dtype), None, NOBODY)
    y = domain(torch.stack([x, torch.ones_like(x)]), None, NOBODY)
    assert y.isfinite().all()


@pytest.mark.parametrize("shape", ["box", "ball"])
def test_inverse_stays_inside_wherever_the_domain_lies(shape) -> None:
    """Even where x rounds by more than 1 - w: its own map must take it back."""
    check_inverse_stays_inside(shape)


@pytest.mark.parametrize("domain", [Box([0.0, 1.0], [0.2, 3.0]), Ball([1.0, -2.0], 3)])
def test_far_points_end_at_the_rim(domain, dtype) -> None:
    domain = domain.to(dtype)
    x = domain.inverse(far_points(2, 1e9).to(dtype)[-1:], None, NOBODY)
    if isinstance(domain, Box):
        size = ((x - domain.center) / domain.half_side).abs().max()
    else:
        size = (x - domain.center).norm() / domain.radius
    # A hundred eps: the offset of the domain and the room left for rounding.
    assert 0 <= 1 - float(size) < 100 * torch.finfo(dtype).eps


def test_box_is_artanh() -> None:
    y = Box([0.0], [4.0])(torch.tensor([[[3.0]]]), None, NOBODY)
    assert float(y) == pytest.approx(math.atanh(0.5), rel=1e-15)


def test_ball_is_w_over_root() -> None:
    y = Ball([1.0, 0.0], 2.0)(torch.tensor([[[2.2, 0.8]]]), None, NOBODY)
    w = torch.tensor([0.6, 0.4])
    expected = w / math.sqrt(1 - 0.52)
    torch.testing.assert_close(y[0, 0], expected, rtol=1e-14, atol=0)


OUTSIDE = {
    "corner": (Box([0.0, 0.0], [1.0, 2.0]), [0.5, 2.5]),
    "on the wall": (Box([0.0, 0.0], [1.0, 2.0]), [1.0, 1.0]),
    "nan": (Box([0.0, 0.0], [1.0, 2.0]), [math.nan, 1.0]),
    "ball": (Ball([0.0, 0.0], 1.0), [0.8, 0.8]),
    "sphere": (Ball([0.0, 0.0], 1.0), [0.0, 1.0]),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_points_outside_are_refused(name) -> None:
    domain, bad = OUTSIDE[name]
    x = torch.tensor([[[0.5, 0.5], bad]], dtype=torch.float32)
    with pytest.raises(ValueError, match=r"^inputs: points must lie inside") as error:
        domain.to(torch.float32)(x, None, NOBODY)
    assert repr(domain) in str(error.value)
    assert str(x[0, 1].tolist()) in str(error.value)
    assert "row 1" in str(error.value)
    assert "Enlarge the domain" in str(error.value)


@pytest.mark.parametrize(
    ("low", "high"),
    [([0], [0]), ([0], [-1]), ([0, 0], [1]), ([0], [math.inf]), ([math.nan], [1])],
    ids=str,
)
def test_bad_corners_are_refused(low, high) -> None:
    with pytest.raises(ValueError, match=r"^Box: low and high must have") as error:
        Box(low, high)
    assert str(tuple(high)) in str(error.value)


@pytest.mark.parametrize("radius", [0, -1.0, math.inf, math.nan])
def test_bad_radius_is_refused(radius) -> None:
    with pytest.raises(ValueError, match=r"^Ball: radius must be positive") as error:
        Ball([0.0], radius)
    assert repr(radius) in str(error.value)
