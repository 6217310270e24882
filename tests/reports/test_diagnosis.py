"""Diagnoses of trainings from their losses: each state, and what must not be one."""

import math
from dataclasses import asdict

import pytest

from ncl_deepxde.reports.diagnosis import diagnose, warnings_of


def log(losses, stage="gauss-newton", first=0, terms=("pde", "initial")):
    """Return records every twenty steps."""
    return [
        {
            "stage": stage,
            "step": 20 * (first + k + 1),
            "loss": loss,
            "terms": dict.fromkeys(terms, loss / len(terms)),
        }
        for k, loss in enumerate(losses)
    ]


def falling(number, rate=0.8, start=1.0):
    return [start * rate**k for k in range(number)]


def noisy(losses, factor=1.5):
    """Return losses that scatter to both sides by a factor."""
    return [v * factor ** math.sin(7.0 * k) for k, v in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "state"),
    [
        (falling(20), "improving"),
        (noisy(falling(20)), "improving"),
        # From 0.4 to 476 within forty steps, as it happened.
        ([*falling(10, 0.9), 0.4, 30.0, 476.0], "diverged"),
        # As fast as it came down, it went up again.
        ([1.0, 0.1, 0.01, 1e-3, 0.02, 0.5], "diverged"),
        ([*falling(10), 0.15, 0.2, 0.3, 0.4, 0.5], "diverged"),
        (noisy([*falling(10), *falling(9, 2.0, 0.3)]), "diverged"),
        ([*falling(5), math.nan], "diverged"),
        ([*falling(5), math.inf], "diverged"),
        ([*falling(10), *[0.107] * 12], "stalled"),
        (noisy([0.1] * 30, 1.2), "stalled"),
        ([*falling(11, 0.7), *[0.028] * 7], "ok"),
        # Scatter of a factor 4 from record to record is no divergence.
        (noisy(falling(20, 0.9), 4.0)[:18], "improving"),
        ([1.0, 0.5], "unknown"),
        ([2.0], "unknown"),
        ([], "unknown"),
        ([*falling(8), -0.1], "unknown"),
    ],
)
def test_states(losses, state):
    assert diagnose(log(losses)).state == state


def test_a_peak_on_the_way_is_no_divergence_and_no_best():
    losses = falling(20)
    losses[7] = 1e5
    assert diagnose(log(losses)).state == "improving"
    # One lucky draw of points, from which the rest would have tripled.
    losses = [*falling(6), *[0.32] * 6, 0.09, *[0.32] * 4]
    assert diagnose(log(losses)).state == "stalled"


def test_the_unit_of_the_loss_does_not_matter():
    for losses in (falling(20), [*falling(10), 0.9], [*falling(10), *[0.107] * 12]):
        state = diagnose(log(losses)).state
        assert diagnose(log([1e-12 * v for v in losses])).state == state


def test_texts_hold_numbers_and_remedies():
    diverged = diagnose(log([*falling(10), 1e7])).text
    assert "1e+07" in diverged
    assert "smallest was 0.13 at step 200" in diverged
    assert "larger least damping" in diverged
    stalled = diagnose(log([*falling(10), *[0.107] * 12])).text
    assert "0.11" in stalled
    assert "since step 240" in stalled
    assert "more points" in stalled
    assert "more steps will help" in diagnose(log(falling(20))).text


@pytest.mark.parametrize(("last", "state"), [(1e-3, "improving"), (50.0, "diverged")])
def test_a_later_stage_must_regain_what_an_earlier_one_lost(last, state):
    lost = log([*falling(9), 500.0])
    more = log(falling(10, (last / 400) ** (1 / 9), 400.0), "more points", 10)
    assert diagnose(lost + more).state == state


def test_stages_with_other_losses_are_not_compared():
    lost = log([*falling(9), 500.0])
    more = log(falling(10, 0.8, 400.0), "more", 10, terms=("other",))
    assert diagnose(lost + more).state == "improving"
    # Heavier weights alone: the earlier stage was well.
    more = log(falling(10, 0.8, 400.0), "more", 10)
    assert diagnose(log(falling(10)) + more).state == "improving"


def test_warnings_name_the_trainings_that_went_wrong():
    found = {
        "pinn": {"state": "diverged", "text": "Its last loss is 5."},
        "ncl": {"state": "improving", "text": "More."},
    }
    assert warnings_of({"training": found}) == ["pinn diverged. Its last loss is 5."]
    assert warnings_of({}) == []


def with_steps(records, best, held_out=None, left=None, lost=0):
    """Add what the log says of the steps of Gauss-Newton."""
    held_out, left = held_out or best, left or best
    rows = zip(records, best, held_out, left, strict=True)
    return [
        r | {"optimizer": {"best": b, "held_out": h, "left": n, "lost": lost}}
        for r, b, h, n in rows
    ]


def test_the_best_weights_at_held_out_points_count():
    # The network shows the best: that the iterate is lost spoils nothing.
    lost = log([*falling(10), 5.0, 30.0])
    assert diagnose(lost).state == "diverged"
    assert diagnose(with_steps(lost, falling(12))).state == "improving"
    # Losses at ever new points fall by luck; the held-out ones stand still.
    lucky = with_steps(log(falling(20)), [*falling(10), *[0.13] * 10])
    found = diagnose(lucky)
    assert found.state == "stalled"
    assert "0.13" in found.text


def test_losses_count_where_the_best_is_not_known():
    unknown = with_steps(log(falling(20)), [None, *[0.1] * 19])
    assert diagnose(unknown).state == "improving"
    adam = log(falling(9), "adam")
    steps = with_steps(log(falling(10, start=0.1), first=9), falling(10, start=0.1))
    assert diagnose(adam + steps).state == "improving"


@pytest.mark.parametrize(
    ("left", "remedy"),
    [(0.01, "use more points. Its steps leave 10 times"), (0.08, "larger network, or")],
)
def test_steps_tell_what_helps_a_stalled_training(left, remedy):
    flat = [0.1] * 12
    assert remedy in diagnose(with_steps(log(flat), flat, flat, [left] * 12)).text


def test_lost_steps_are_told_in_one_sentence():
    losses = falling(20)
    found = diagnose(with_steps(log(losses), losses, lost=3))
    assert (found.state, found.lost) == ("improving", 3)
    sentence = "3 steps were lost, and training went on from the best weights before."
    assert found.text.endswith(f"more steps will help. {sentence}")
    assert warnings_of({"training": {"ncl": asdict(found)}}) == [
        f"ncl improving. {sentence}"
    ]
    assert diagnose(with_steps(log(losses), losses)).lost == 0
    # A stage of Adam after it forgets nothing.
    more = [*with_steps(log(losses), losses, lost=1), *log(losses, "adam", 20)]
    assert "1 step was lost, and" in diagnose(more).text


def test_a_stalled_training_tells_its_lost_steps_once():
    flat = [0.1] * 12
    found = asdict(diagnose(with_steps(log(flat), flat, lost=2)))
    (text,) = warnings_of({"training": {"ncl": found}})
    assert text.count("2 steps were lost") == 1


def test_what_broke_at_the_end_of_a_stage_is_a_warning_of_its_own():
    one = {"state": "ok", "text": "It rests.", "broken": ["continuity: 0.1 is left"]}
    assert warnings_of({"training": {"ncl": one}}) == [
        "ncl: BROKEN: continuity: 0.1 is left."
    ]
