"""The progress bar: steps, loss, time left, and a note on a busy machine."""

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
