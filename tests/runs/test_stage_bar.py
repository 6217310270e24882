"""The progress bar: steps, loss, time left, and a note on a busy machine."""

import numpy as np
import pytest
import torch

from ncl_deepxde.runs.stage_bar import BUSY, StageBar


def shown(capsys, steps, seconds, *, share=1.0, show=True, step=30, passed=60.0):
    """Return what a bar shows after some steps."""
    bar = StageBar("net adam", steps, seconds, show=show, share=lambda: share)
    with bar:
        bar.show(step, passed, 0.0123)
    return capsys.readouterr().err


def test_bar_shows_steps_loss_and_time_left(capsys):
    text = shown(capsys, 120, None)
    assert "net adam:  25%|" in text
    assert "step 30 of 120, loss 1.23e-02, 03:00 left" in text
    assert "busy" not in text


@pytest.mark.parametrize(
    ("steps", "seconds", "part"),
    [
        (None, 80.0, "75%|"),
        (120, 80.0, "75%|"),
        (40, 600.0, "75%|"),
        (20, None, "100%"),
    ],
)
def test_the_budget_nearer_to_its_end_moves_the_bar(capsys, steps, seconds, part):
    assert part in shown(capsys, steps, seconds)


def test_a_busy_machine_is_named_once_in_the_line(capsys, monkeypatch):
    text = shown(capsys, 120, None, share=0.456)
    assert text.strip().endswith("03:00 left, busy machine: 46% of a core")
    assert "busy" not in shown(capsys, 120, None, share=BUSY)
    # There, the thread waits for the device.
    monkeypatch.setattr(torch, "get_default_device", lambda: torch.device("cuda"))
    assert "busy" not in shown(capsys, 120, None, share=0.1)


def test_without_a_bar_nothing_is_shown(capsys):
    assert shown(capsys, 120, None, share=0.1, show=False) == ""


TRACES = {
    "even": [1.0] * 100,
    "slow start": [25.0] + [1.0] * 99,
    "noise": [2.0 ** np.sin(7.0 * k) for k in range(100)],
    "faster later": [1.4] * 20 + [1.0] * 80,
    "slower later": [1.0] * 40 + [1.3] * 60,
}


@pytest.mark.parametrize("name", TRACES)
def test_time_left_is_right_within_half_after_a_tenth(capsys, name):
    times = np.cumsum(TRACES[name])
    bar = StageBar("net", len(times), None, show=True, share=lambda: 1.0)
    with bar:
        for step, passed in enumerate(times, start=1):
            bar.show(step, passed, 1.0)
            # Of a few last steps nobody can tell.
            if 10 <= step <= 90:
                told = bar.left(step, passed)
                assert 1 / 1.5 < told / (times[-1] - passed) < 1.5
    assert "00:00 left" in capsys.readouterr().err


def test_errors_are_shown_where_they_are_known(capsys):
    with StageBar("net", 10, None, show=True, share=lambda: 1.0) as bar:
        bar.show(1, 1.0, 0.5, {"rho": 0.25})
    assert "loss 5.00e-01, rho 2.50e-01, " in capsys.readouterr().err


def test_a_record_is_told_in_a_line(capsys):
    record = {"model": "net", "stage": "adam", "step": 20, "loss": 0.5}
    record |= {"terms": {"pde": 0.25, "initial": 0.25}, "errors": {"rho": 0.1}}
    with StageBar("net", 10, None, show=False) as bar:
        bar.tell(record)
    said = capsys.readouterr().err
    assert said.startswith("net adam, step 20: loss 5.000e-01 (pde 2.50e-01, ")
    assert said.endswith(", rho 1.00e-01)\n")
