"""What there is to have, from files as Linux writes them."""

import pytest
import torch

from ncl_deepxde.evaluation.available_memory import available_memory

CPU = torch.device("cpu")
KIB, GIB = 1024.0, 1024.0**3
TABLE = "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapFree: 1048576 kB\n"


def files(root, **texts):
    for name, text in texts.items():
        path = root.joinpath(*name.split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def group(root, folder, limit, usage, stat=""):
    folder = root / "sys/fs/cgroup" / folder
    folder.mkdir(parents=True, exist_ok=True)
    version = 1 if "memory" in folder.parts else 2
    names = {
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        2: ("memory.max", "memory.current"),
    }[version]
    for name, text in zip((*names, "memory.stat"), (limit, usage, stat), strict=True):
        (folder / name).write_text(f"{text}\n")


def test_machine_has_what_linux_calls_available_and_swap(tmp_path):
    files(tmp_path, proc__meminfo=TABLE)
    assert available_memory(CPU, tmp_path) == 5 * GIB


def test_nobody_tells(tmp_path):
    assert available_memory(CPU, tmp_path) is None


def test_this_machine_tells():
    found = available_memory(CPU)
    assert found is not None
    assert 2**26 < found < 2**46


@pytest.mark.parametrize(
    ("line", "folder", "stat"),
    [
        ("0::/job/step", "job", f"anon 1\ninactive_file {2**28}"),
        ("6:cpu,memory:/job/step", "memory/job", f"total_inactive_file {2**28}"),
    ],
)
def test_group_above_the_own_one_limits(tmp_path, line, folder, stat):
    files(tmp_path, proc__meminfo=TABLE, proc__self__cgroup=f"1:cpu:/x\n{line}\n")
    group(tmp_path, folder, 2**30, 2**29, stat)
    unlimited = "max" if line.startswith("0") else 2**62
    group(tmp_path, f"{folder}/step", unlimited, 2**29)
    assert available_memory(CPU, tmp_path) == 0.75 * GIB


def test_processes_of_one_machine_share(tmp_path, monkeypatch):
    files(tmp_path, proc__meminfo=TABLE)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert available_memory(CPU, tmp_path) == 1.25 * GIB
