"""Metrics against values known from formulas."""

import numpy as np
import pytest

from ncl_deepxde.evaluation.metrics import (
    NoScaleError,
    ball_grid,
    ball_quadrature,
    by_time_key,
    errors_over_time,
    mass_drift,
    mean_squared_error,
    r2,
    relative_l2,
    standardized_l2,
    time_key,
    torus_grid,
)

EPS = np.finfo(np.float64).eps


def wave(speed, offset=0.0, growth=0.0):
    """A wave of density on a drifting shear flow."""

    def solution(points, time):
        x = points[:, :1]
        rho = 2 + growth * time + np.cos(2 * np.pi * (x - speed * time))
        u = np.concatenate([np.sin(2 * np.pi * x), 4 * speed * time + 0 * x], axis=1)
        return {"rho": rho, "u": u, "p": np.sin(2 * np.pi * x) + offset}

    return solution


@pytest.mark.parametrize("columns", [1, 2])
def test_relative_l2_of_a_scaled_reference_is_the_scale(columns):
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(7, columns))
    assert relative_l2(1.25 * reference, reference) == pytest.approx(0.25, rel=10 * EPS)


def test_relative_l2_sums_in_double_precision():
    reference = np.ones((200_000, 1), dtype=np.float32)
    value = reference + np.float32(2.0**-10)
    assert relative_l2(value, reference) == pytest.approx(2.0**-10, rel=100 * EPS)


def test_standardized_l2_of_the_torus_density():
    # rho0 has variance 1.25, and a shift by c is an error of c everywhere.
    sines = np.sin(2 * np.pi * torus_grid(16)).sum(axis=1, keepdims=True)
    reference = 1 + sines**2
    expected = pytest.approx(0.3 / np.sqrt(1.25), rel=100 * EPS)
    assert standardized_l2(reference + 0.3, reference) == expected
    assert standardized_l2(reference + 100.3, reference + 100) == pytest.approx(
        0.3 / np.sqrt(1.25), rel=1e4 * EPS
    )


def test_standardized_l2_of_vectors_centers_each_component():
    reference = np.array([[1.0, 10.0], [3.0, 14.0]])
    value = reference + np.array([3.0, 4.0])
    # deviations (1, 2): mean square length 5; error vectors of length 5
    expected = 5 / np.sqrt(5)
    assert standardized_l2(value, reference) == pytest.approx(expected, rel=10 * EPS)


def test_r2_is_one_for_equal_values_and_zero_for_the_mean():
    reference = np.random.default_rng(0).normal(size=(50, 1)) + 5
    assert r2(reference, reference) == 1
    mean = np.full_like(reference, reference.mean())
    assert r2(mean, reference) == pytest.approx(0, abs=100 * EPS)
    # Slope 1/2 about the mean leaves a quarter of the variance.
    half = mean + (reference - mean) / 2
    assert r2(half, reference) == pytest.approx(0.75, rel=100 * EPS)


def test_r2_pools_rows_and_components():
    # Deviations 1 and 2 in two columns with means of their own: sums 2 + 8 = 10.
    reference = np.array([[1.0, 10.0], [3.0, 14.0]])
    value = reference + np.array([[1.0, 0.0], [0.0, 2.0]])
    assert r2(value, reference) == pytest.approx(1 - 5 / 10, rel=10 * EPS)


def test_mean_squared_error_is_that_of_all_entries():
    reference = np.zeros((2, 2), dtype=np.float32)
    value = np.array([[1.0, 2.0], [0.0, 3.0]])
    assert mean_squared_error(value, reference) == pytest.approx(14 / 4)


@pytest.mark.parametrize(
    "metric", [relative_l2, standardized_l2, r2, mean_squared_error]
)
def test_metric_refuses_unequal_shapes(metric):
    with pytest.raises(ValueError, match=r"equal shapes.*\(7,\) and \(7, 1\)"):
        metric(np.ones(7), np.ones((7, 1)))


def test_metrics_refuse_a_reference_without_scale():
    with pytest.raises(ValueError, match="must not vanish"):
        relative_l2(np.ones((7, 1)), np.zeros((7, 1)))
    with pytest.raises(ValueError, match="must not be constant"):
        standardized_l2(np.ones((7, 1)), np.full((7, 1), 3.0))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_torus_grid_integrates_low_degrees_exactly(d):
    n = 6
    points = torus_grid(n, d)
    assert points.shape == (n**d, d)
    assert len(np.unique(points, axis=0)) == n**d
    for degree in range(1, n):
        assert abs(np.cos(2 * np.pi * degree * points + 0.4).mean()) < 10 * EPS
    aliased = np.cos(2 * np.pi * n * points + 0.4).mean()
    assert abs(aliased) == pytest.approx(np.cos(0.4), rel=100 * EPS)


def test_torus_grid_runs_fastest_along_the_last_axis():
    np.testing.assert_array_equal(torus_grid(2)[:2], [[0.25, 0.25], [0.25, 0.75]])


def test_torus_grid_refuses_no_points():
    with pytest.raises(ValueError, match="at least 1, got n=0"):
        torus_grid(0)


def test_ball_grid_fills_the_ball_evenly():
    n = 40
    points = ball_grid(n)
    assert points.shape == (len(points), 3)
    assert np.linalg.norm(points, axis=1).max() < 1
    # Cells at the wall are in or out as a whole: a hundredth of the volume at n = 40.
    assert len(points) * (2 / n) ** 3 == pytest.approx(4 / 3 * np.pi, rel=1e-2)
    assert np.abs(points.mean(axis=0)).max() < 10 * EPS


@pytest.mark.parametrize(
    ("powers", "mean"),
    # Over the unit ball: 3 prod (p_i - 1)!! / ((|p| + 3) (|p| + 1)!!), even powers.
    [
        ((0, 0, 0), 1),
        ((1, 0, 0), 0),
        ((2, 0, 0), 1 / 5),
        ((0, 0, 2), 1 / 5),
        ((2, 2, 0), 1 / 35),
        ((2, 0, 4), 3 / 315),
        ((1, 1, 0), 0),
    ],
)
def test_ball_quadrature_is_exact_for_polynomials(powers, mean):
    points, weights = ball_quadrature(5)
    assert (points.shape, weights.shape) == ((250, 3), (250,))
    found = weights @ np.prod(points ** np.array(powers), axis=1)
    assert found == pytest.approx(mean, abs=10 * EPS)


@pytest.mark.parametrize("rule", [ball_grid, ball_quadrature])
def test_rules_of_the_ball_refuse_no_points(rule):
    with pytest.raises(ValueError, match=r"must be at least 1, got (n=)?0"):
        rule(0)


def test_mass_drift_weighs_the_points():
    def flow(points, time):
        return {"rho": 1 + time * points}

    points = np.array([[1.0], [-2.0]])
    assert mass_drift(flow, points, [1.0], np.array([2.0, 1.0])) < EPS
    assert mass_drift(flow, points, [1.0]) == pytest.approx(0.5)


def test_mass_drift_is_zero_for_a_translation():
    drift = mass_drift(wave(1.0), torus_grid(16), [0.0, 0.1, 0.3])
    assert drift < 10 * EPS


def test_mass_drift_finds_the_largest_change():
    # mass 2 + t: the largest change is a loss, and not at the last time
    drift = mass_drift(wave(1.0, growth=1.0), torus_grid(16), [-0.3, 0.0, 0.2])
    assert drift == pytest.approx(0.3 / 2, rel=100 * EPS)


def test_mass_drift_refuses_zero_mass():
    def empty(points, time):
        return {"rho": np.zeros((len(points), 1))}

    with pytest.raises(ValueError, match="zero mass"):
        mass_drift(empty, torus_grid(4), [0.1])


def test_errors_over_time_of_a_translated_wave():
    times = [0.1, 0.25]
    errors = errors_over_time(wave(1.0), wave(0.0), torus_grid(16), times)
    assert set(errors) == {"relative_l2", "standardized_l2"}
    assert list(errors["relative_l2"]) == ["rho", "u"]
    for time in times:
        # rms of cos(a - s) - cos(a) is 2 sin(s / 2) / sqrt(2), s = 2 pi t
        rms = 2 * np.sin(np.pi * time) / np.sqrt(2)
        close = {"rel": 100 * EPS}
        assert errors["relative_l2"]["rho"][time] == pytest.approx(
            rms / np.sqrt(4.5), **close
        )
        assert errors["standardized_l2"]["rho"][time] == pytest.approx(
            rms / np.sqrt(0.5), **close
        )
        # u is off by 4 t in one component; the reference has mean square 1/2, mean 0
        for metric in errors:
            expected = pytest.approx(4 * time / np.sqrt(0.5), **close)
            assert errors[metric]["u"][time] == expected


def test_errors_over_time_leave_out_times_without_scale():
    def rest(points, time):
        return wave(0.0)(points, time) | {"u": np.full_like(points, time)}

    errors = errors_over_time(wave(0.0), rest, torus_grid(4), [0.0, 0.5], ["u"])
    assert list(errors["relative_l2"]["u"]) == [0.5]
    assert errors["standardized_l2"]["u"] == {}


def test_errors_over_time_refuse_unequal_shapes():
    def flat(points, time):
        return {"rho": np.ones(len(points))}

    with pytest.raises(ValueError, match="equal shapes"):
        errors_over_time(flat, wave(0.0), torus_grid(4), [0.0], ["rho"])


def test_errors_over_time_ignore_the_constant_of_the_pressure():
    errors = errors_over_time(
        wave(0.0, offset=5.0), wave(0.0), torus_grid(16), [0.1], fields=["p"]
    )
    assert errors["relative_l2"]["p"][0.1] < 100 * EPS


@pytest.mark.parametrize(("time", "key"), [(0.1, "0.1"), (1 / 3, "0.3333"), (0, "0")])
def test_time_key(time, key):
    assert time_key(time) == key


def test_errors_by_time_key_are_those_of_metrics_json() -> None:
    errors = errors_over_time(wave(0.1), wave(0.0), torus_grid(16), [0.1, 1 / 3])
    found = by_time_key(errors)
    assert {m: set(fields) for m, fields in found.items()} == {
        metric: {"rho", "u"} for metric in ("relative_l2", "standardized_l2")
    }
    assert found["relative_l2"]["rho"] == {
        "0.1": errors["relative_l2"]["rho"][0.1],
        "0.3333": errors["relative_l2"]["rho"][1 / 3],
    }


def test_single_precision_loses_no_sums():
    rng = np.random.default_rng(0)
    reference = (1000 + rng.standard_normal((1_000_000, 2))).astype(np.float32)
    value = reference + np.float32(0.5)
    double = reference.astype(float)
    error = np.square(value - double).sum()
    expected = np.sqrt(error / np.square(double - double.mean(0)).sum())
    assert standardized_l2(value, reference) == pytest.approx(expected, rel=1e-9)
    assert r2(value, reference) == pytest.approx(1 - expected**2, rel=1e-9)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_a_constant_by_round_off_has_no_scale(real):
    constant = np.full((1000, 1), 0.1, dtype=real)
    value = constant + real(1e-3)
    for metric in (standardized_l2, r2):
        with pytest.raises(NoScaleError, match="must not be constant"):
            metric(value, constant)
    for field in ("rho", "p"):
        errors = errors_over_time(
            lambda *_, f=field: {f: value},
            lambda *_, f=field: {f: constant},
            np.zeros((1000, 2)),
            [0.0],
            (field,),
        )
        assert errors["standardized_l2"][field] == {}


def test_nothing_to_measure_is_refused():
    nothing = np.zeros((0, 1))
    with pytest.raises(ValueError, match="must have rows"):
        relative_l2(nothing, nothing)
