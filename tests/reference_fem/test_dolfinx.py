"""The door to dolfinx: what is missing is named, with the remedy."""

import importlib
import sys
import types

import pytest


def reload_door(monkeypatch, **modules):
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "reference_fem._dolfinx", raising=False)
    return importlib.import_module("reference_fem._dolfinx")


def test_missing_dolfinx_names_the_remedy(monkeypatch):
    with pytest.raises(ImportError, match=r"pip install ncl-deepxde\[fem\].*conda"):
        reload_door(monkeypatch, dolfinx_solver=None, dolfinx=None)


def test_old_dolfinx_names_the_version_and_the_remedy(monkeypatch):
    old = types.ModuleType("dolfinx")
    old.__version__ = "0.5.2"
    with pytest.raises(ImportError, match=r"found version 0\.5\.2.*pip install"):
        reload_door(monkeypatch, dolfinx_solver=None, dolfinx=old)


@pytest.mark.fem
def test_missing_compiler_names_the_remedy(monkeypatch):
    from reference_fem._dolfinx import require_compiler

    monkeypatch.setenv("CC", "no-such-compiler -pthread")
    with pytest.raises(RuntimeError, match=r"'no-such-compiler'.*apt install gcc"):
        require_compiler()
