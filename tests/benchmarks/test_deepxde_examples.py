"""DeepXDE's scripts are run with the lines that they hold for PyTorch."""

import importlib
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"
SCRIPT = """# Import tf if using backend tensorflow
from math import sin as tf
# Import torch if using backend pytorch
# import torch

def pde(x):
    # Most backends
    y = x + 1
    # Backend jax
    # y = jax(x)
    # Backend tensorflow.compat.v1 or tensorflow
    return (
        tf(y)
    )
    # Backend pytorch
    # return (
    #     torch.sin(y)
    # )

z = 3
"""


def test_lines_for_pytorch_replace_those_for_others(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    text = importlib.import_module("deepxde_examples").for_pytorch(SCRIPT)
    names = {}
    exec(text, names)
    assert "tf" not in names
    assert names["z"] == 3
    torch = names["torch"]
    assert names["pde"](torch.ones(1)) == torch.sin(torch.full((1,), 2.0))
