"""The examples in docstrings run and print what they say."""

import doctest
from importlib import import_module

import pytest
from house_imports import MODULES

WITH_EXAMPLES = [name for name, path in MODULES.items() if ">>> " in path.read_text()]


@pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_run(name):
    result = doctest.testmod(import_module(name))
    assert result.failed == 0
