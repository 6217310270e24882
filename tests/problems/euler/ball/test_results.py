"""Figures and words for flows in the ball."""

import numpy as np

from ncl_deepxde.problems.euler.ball.results import in_plane, summarize


def flow(points, time):
    """A flow whose fields differ at all points and times."""
    x, y, z = points.T
    u = np.stack([y - z, x + time, x * y], axis=1)
    return {"rho": (2 + x + 3 * z)[:, None], "u": u, "p": (x - time)[:, None]}


def test_plane_is_the_middle_of_the_ball_and_empty_outside():
    points = np.array([[0.3, -0.4], [0.8, 0.8], [0.0, 1.0]])
    found = in_plane(flow)(points, 0.2)
    assert {k: v.shape for k, v in found.items()} == {
        "rho": (3, 1),
        "u": (3, 3),
        "p": (3, 1),
    }
    expected = flow(np.array([[0.3, -0.4, 0.0]]), 0.2)
    np.testing.assert_array_equal(found["u"][:1], expected["u"])
    assert np.isnan(found["rho"][:, 0]).tolist() == [False, True, False]


def test_summary_says_the_numbers_of_the_last_time():
    model = {
        "standardized_l2": {
            "rho": {"0": 0.9, "0.5": 0.021},
            "u": {"0": 0.9, "0.5": 0.034},
        },
        "transport_error": 0.11,
        "steps": 120,
        "train_seconds": 80.2,
        "mass_drift": 1.5e-8,
        "wall_leakage": 2.5e-7,
        "continuity_max": 3.5e-6,
        "continuity_relative": 4.5e-7,
    }
    text = summarize({"models": {"ncl-hard": model}})
    assert text == (
        "ncl-hard: at the end the error of the density is 0.021 standard deviations, "
        "or 0.11 of how much it changed, and that of the velocity 0.034, after 120 "
        "steps in 80 s. Mass drift 1.5e-08, largest |m.n| on the wall 2.5e-07, largest "
        "continuity residual 3.5e-06 (4.5e-07 of its largest term)."
    )
