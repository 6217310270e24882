import pytest

from ncl_deepxde.distributed import processes, start

ERRORS = {
    "no_gloo": "torch must be built with gloo, got",
    "used_port": "MASTER_PORT must be free on localhost, got",
}


def test_nothing_happens_without_torchrun() -> None:
    assert start() is processes()


@pytest.mark.slow  # two processes, once for all: 25 CPU s
@pytest.mark.parametrize("name", ERRORS)
def test_processes_that_cannot_meet_say_why(pair, name) -> None:
    message = pair[name][0]
    assert message.startswith(f"ValueError: distributed: {ERRORS[name]}")
