"""Locks of killed runs in the cache of compiled forms."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.fem


def lock(folder, name, age):
    path = folder / f"libffcx_forms_{name}.c"
    path.touch()
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_only_dead_locks_are_removed(tmp_path, capsys):
    from reference_fem._form_cache import clear_folder

    dead, done = lock(tmp_path, "dead", 100), lock(tmp_path, "done", 100)
    done.with_suffix(".c.cached").touch()
    other = tmp_path / "notes.c"
    other.touch()
    clear_folder(tmp_path, patience=60)
    assert sorted(tmp_path.iterdir()) == sorted(
        [done, done.with_suffix(".c.cached"), other]
    )
    assert not dead.exists()
    assert capsys.readouterr().err == ""


def test_compilations_under_way_are_waited_for(tmp_path, capsys):
    from reference_fem._form_cache import clear_folder

    path = lock(tmp_path, "busy", 0)
    timer = threading.Timer(0.5, path.with_suffix(".c.cached").touch)
    timer.start()
    clear_folder(tmp_path, patience=60)
    timer.join()
    assert path.exists()
    assert path.with_suffix(".c.cached").exists()
    assert "waits up to 60 s" in capsys.readouterr().err


def test_young_locks_of_killed_runs_are_removed_in_the_end(tmp_path):
    from reference_fem._form_cache import clear_folder

    path = lock(tmp_path, "killed", 0)
    clear_folder(tmp_path, patience=0.5)
    assert not path.exists()


def test_processes_that_may_compile_are_seen(tmp_path, monkeypatch):
    from reference_fem import _form_cache

    monkeypatch.setattr(_form_cache, "PROCESSES", tmp_path)
    assert _form_cache.others_may_compile(set())
    for name, text in (("self", ""), ("7", "libdolfinx.so"), ("8", "libc.so")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "maps").write_text(text)
    (tmp_path / "9").mkdir()
    assert _form_cache.others_may_compile({8})
    assert not _form_cache.others_may_compile({7})


def test_this_process_is_seen():
    from reference_fem import _form_cache

    assert (_form_cache.PROCESSES / "self").exists()
    assert _form_cache.others_may_compile({-1})


def test_folders_of_other_machines_are_not_local(tmp_path, monkeypatch):
    from reference_fem import _form_cache

    assert not _form_cache.is_local(Path("/proc/self/nothing"))
    monkeypatch.setattr(_form_cache, "PROCESSES", tmp_path / "none")
    assert not _form_cache.is_local(tmp_path)
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(_form_cache, "PROCESSES", tmp_path)
    mounts = "disk / ext4 rw 0 0\nserver:/shared /shared nfs4 rw 0 0\n"
    (tmp_path / "self" / "mounts").write_text(mounts)
    assert _form_cache.is_local(Path("/disk/cache/fenics"))
    assert not _form_cache.is_local(Path("/shared/cache/fenics"))


def test_lock_of_a_process_that_is_gone_is_removed_at_once(tmp_path, monkeypatch):
    from mpi4py import MPI

    from reference_fem import _form_cache
    from reference_fem._dolfinx import jit

    path = lock(tmp_path, "young", 0)
    options = jit.get_options() | {"cache_dir": tmp_path}
    monkeypatch.setattr(jit, "get_options", lambda: options)
    # whatever else runs on this machine
    monkeypatch.setattr(_form_cache, "others_may_compile", lambda ours: False)
    monkeypatch.setattr(_form_cache, "is_local", lambda folder: True)
    start = time.monotonic()
    _form_cache.clear_stale_locks(MPI.COMM_SELF)
    assert not path.exists()
    assert time.monotonic() - start < 5


def test_missing_folder_is_no_error(tmp_path):
    from reference_fem._form_cache import clear_folder

    clear_folder(tmp_path / "missing")


def test_form_compiles_after_a_killed_compilation(tmp_path):
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, mesh, ufl
    from reference_fem._form_cache import clear_folder

    def integrate():
        msh = mesh.create_unit_interval(MPI.COMM_SELF, 2)
        x = ufl.SpatialCoordinate(msh)
        options = {"cache_dir": tmp_path, "timeout": 1}
        return fem.assemble_scalar(fem.form(x[0] * ufl.dx, jit_options=options))

    assert integrate() == pytest.approx(1 / 2)
    (source,) = tmp_path.glob("libffcx_*.c")
    for path in tmp_path.iterdir():
        if path != source:
            path.unlink()
    with pytest.raises(TimeoutError, match="JIT compilation timed out"):
        integrate()
    os.utime(source, (time.time() - 100,) * 2)
    clear_folder(tmp_path)
    assert integrate() == pytest.approx(1 / 2)


def test_march_clears_the_cache_of_dolfinx(monkeypatch, tmp_path):
    from reference_fem._dolfinx import jit
    from reference_fem._march import march
    from reference_fem._setup import FlowSetup, TimeGrid

    class Stop(Exception):
        pass

    def stop(comm):
        raise Stop

    path = lock(tmp_path, "dead", 100)
    options = jit.get_options() | {"cache_dir": tmp_path}
    monkeypatch.setattr(jit, "get_options", lambda: options)
    with pytest.raises(Stop):
        march(stop, FlowSetup(np.sin, np.sin), TimeGrid.create(1, 1, 2), None, None)
    assert not path.exists()
