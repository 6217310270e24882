"""Share of a core: by hand, and of a thread that computes or sleeps."""

import time

import pytest

from ncl_deepxde.runs.core_share import CoreShare


def test_share_is_that_of_the_last_window():
    wall, cpu = [0.0], [10.0]
    share = CoreShare(5.0, lambda: wall[0], lambda: cpu[0])
    found = []
    for passed, used in [(0, 0), (4.9, 1.0), (0.1, 0.5), (4, 4), (1, 1), (5, 5.1)]:
        wall[0] += passed
        cpu[0] += used
        found.append(share())
    assert found == pytest.approx([1.0, 1.0, 0.3, 0.3, 1.0, 1.0], abs=1e-12)


def test_a_thread_that_sleeps_has_a_small_share():
    share = CoreShare(0.2)
    time.sleep(0.25)
    assert share() < 0.2
