"""Bad arguments give one ValueError: argument, rule, value got, remedy."""

import math

import numpy as np
import pytest
import torch

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree, InitialState, Wall
from ncl_deepxde.nn.base.checks import (
    MOST_STREAMS,
    check_choice,
    check_counts,
    check_dtype,
    check_kind,
    check_periods,
    check_positive,
    check_streams,
    is_count,
    time_column,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

NETWORKS = [NCL, CurlNet, DivergenceFree]
SMALL = [3, 8, 4]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "sizes",
    [[], [3], [3, 4], [0, 8, 1], [3, 8.0, 4], [3, -1, 4], [3, "8", 4], [3, [8], 4]],
    ids=str,
)
def test_sizes_must_be_positive_integers(network, sizes) -> None:
    with pytest.raises(ValueError, match="layer_sizes: must hold") as error:
        network(sizes, "tanh", "Glorot normal")
    assert repr(sizes) in str(error.value)
    assert "Use for example [3] + [64] * 4 + [4]" in str(error.value)


@pytest.mark.parametrize(
    ("network", "inputs"), [(NCL, 1), (CurlNet, 2), (DivergenceFree, 1)]
)
def test_least_number_of_inputs(network, inputs) -> None:
    message = f"layer_sizes: the first entry.*at least {inputs + 1}, got {inputs}"
    with pytest.raises(ValueError, match=message):
        network([inputs, 8, 4], "tanh", "Glorot normal")
    network([inputs + 1, 8, inputs + 1], "tanh", "Glorot normal")


@pytest.mark.parametrize("network", NETWORKS)
def test_least_number_of_outputs(network) -> None:
    message = "layer_sizes: the last entry must be at least 3.*got 2.*Further outputs"
    with pytest.raises(ValueError, match=message):
        network([3, 8, 2], "tanh", "Glorot normal")


BAD_OPTIONS = {
    "construction": ["hodge", None, ["matrix"]],
    "periods": [0, -1.0, math.nan, math.inf, [1.0] * 4, [1.0], [1.0, 0.0], "1"],
    "harmonics": [0, -1, 1.5, "1"],
    "served": [-1, 3, 1.5, "1"],
    "scale": [0.0, -1.0, math.nan, math.inf],
    "output": ["momentum", None, ""],
    "mean_density": ["fixed", [1.0, 2.0]],
    "mean_momentum": ["fixed", [1.0], 1.0, [1.0, 2.0, 3.0]],
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_OPTIONS.items() for value in values],
    ids=str,
)
def test_bad_options_are_named(network, name, value) -> None:
    if name.startswith("mean") and network is not NCL:
        pytest.skip("NCL alone takes means")
    if name == "output" and network is DivergenceFree:
        pytest.skip("DivergenceFree has no density")
    with pytest.raises(ValueError, match=f"^{name}: must .*got") as error:
        network(SMALL, "tanh", "Glorot normal", **{name: value})
    assert str(value) in str(error.value)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            lambda: check_choice("form", "c", ("a", "b")),
            "form: must be one of 'a', 'b', got 'c'.",
        ),
        (
            lambda: check_kind("wall", 3, InitialState, Wall),
            "wall: must be an nn.InitialState or nn.Wall or None, got 3.",
        ),
        (
            lambda: check_counts(steps=(1, 1), width=(True, 1)),
            "width: must be an integer and at least 1, got True.",
        ),
        (
            lambda: check_positive(a=1, b=math.inf),
            "b: must be positive and finite, got inf.",
        ),
        (
            lambda: time_column("t", torch.zeros(4), torch.zeros(5, 2)),
            "t: must be a number or have shape (5, 1), one time per point, got shape "
            "(4,).",
        ),
    ],
)
def test_messages_name_argument_rule_and_value(check, message) -> None:
    with pytest.raises(ValueError, match="must") as error:
        check()
    assert str(error.value) == message


def test_what_fits_is_accepted() -> None:
    check_choice("form", "a", ("a", "b"))
    check_kind("wall", None, Wall)
    check_counts(steps=(np.int64(3), 3))
    check_positive(a=1, b=1e-300)
    check_dtype("x", torch.zeros(1), torch.float64)
    check_streams("served", 3, 4, "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2, True), (np.int32(5), True), (1, False), (True, False), (2.0, False)],
    ids=repr,
)
def test_counts_are_integers(value, expected) -> None:
    assert is_count(value, 2) == expected


def test_streams_are_counted_up_to_the_limit() -> None:
    # (n + 1)(n + 2) / 2 streams of order 2.
    assert 62 * 63 / 2 <= MOST_STREAMS < 63 * 64 / 2
    check_streams("layer_sizes", 61, 2, "")
    with pytest.raises(ValueError, match=r"^served: .*62 variables.* 2016 .*Wait\."):
        check_streams("served", 62, 2, "Wait.")


def test_times_become_a_column_of_the_dtype_of_the_points() -> None:
    x = torch.zeros(3, 2, dtype=torch.float32)
    assert torch.equal(time_column("t", 0.5, x), torch.full((3, 1), 0.5).float())
    t = torch.rand(3, 1)
    assert torch.equal(time_column("t", t, x), t.float())


def test_periods_are_filled_up() -> None:
    assert check_periods(2, 2, rest=1) == (2.0, 2.0, None)
    assert check_periods([None, 3], 2, rest=0) == (None, 3.0)
    assert check_periods(None, 1, rest=2) == (None, None, None)
