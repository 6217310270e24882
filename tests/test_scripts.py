"""The shell scripts behind `make .venv`, run with a made-up PATH and interpreter."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
TOOLS = ("cat", "cp", "dirname", "grep", "mkdir", "mv", "rm", "touch", "tr", "xargs")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with a failing python3.12, as pyenv's shims may be, and plain tools."""
    folder = tmp_path / "path"
    for name in ("python3.12", "python3", "python"):
        _program(folder / name, "echo 'command not found' >&2; exit 127")
    for name in TOOLS:
        tool = shutil.which(name)
        assert tool is not None
        (folder / name).symlink_to(tool)
    return folder


def _run(script: Path, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("bash") or "/bin/sh"
    return subprocess.run(
        [shell, str(script), *arguments],
        env={
            "PATH": str(path),
            "HOME": str(path.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_find_python_skips_a_failing_shim(path: Path) -> None:
    versions = path.parent / ".pyenv" / "versions"
    _program(versions / "3.11.7" / "bin" / "python", "exit 1")
    good = _program(
        versions / "3.12.1" / "bin" / "python", f'exec "{sys.executable}" "$@"'
    )
    result = _run(SCRIPTS / "find-python", path=path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(good)


def test_find_python_refuses_an_old_version(path: Path) -> None:
    _program(
        path / "python3",
        f'exec "{sys.executable}" -c "import sys; sys.version_info = (3, 11, 7)\n$2"',
    )
    assert _run(SCRIPTS / "find-python", path=path).returncode == 1


def test_find_python_falls_back_on_uv(path: Path) -> None:
    _program(
        path / "uv",
        'case "$2" in install) echo downloading;; find) echo /made/by/uv;; esac',
    )
    result = _run(SCRIPTS / "find-python", path=path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "/made/by/uv"


@pytest.mark.parametrize("uv", ["absent", "exit 1"])
def test_find_python_names_the_remedy(path: Path, uv: str) -> None:
    if uv != "absent":
        _program(path / "uv", uv)
    result = _run(SCRIPTS / "find-python", path=path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Remedy: 'pyenv install 3.12'" in result.stderr


UV = """
case "$*" in *--dry-run*) exit $(cat no-index);; esac
echo "uv $*" >> calls
case "$*" in
"pip list"*) printf 'numpy==2\ntorch==2\ntorchdiffeq==1\nnvidia-nccl==2\n';;
*--editable*) exit $(cat rc);;
esac
"""
PYTHON = """
case "$2" in from*) cat torch; exit;; esac
echo "$1 $2 $3" >> calls
case "$2" in import*) exit ${PYTHONDONTWRITEBYTECODE-0};; esac
case "$2" in
venv) mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp uv .venv/bin/uv;;
pip) case "$*" in *--editable*) exit $(cat rc);; esac;;
esac
"""


@pytest.fixture
def project(tmp_path: Path, path: Path) -> Path:
    """A project whose interpreter and uv are fakes that write down their calls.

    No torch is installed, no GPU is seen, and builds for CPUs are to be had.
    """
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPTS / "make-environment", folder / "scripts")
    _program(folder / "uv", UV)
    python = _program(folder / "python", PYTHON)
    _program(folder / "scripts" / "find-python", f"echo {python}")
    _program(path / "nvidia-smi", "exit 1")
    (folder / "no-index").write_text("0\n")
    return folder


def _install(
    project: Path, path: Path, rc: int = 0, build: str = "auto"
) -> tuple[int, list[str]]:
    """Run make-environment with an installer that exits with rc; return its calls."""
    (project / "rc").write_text(f"{rc}\n")
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    calls.touch()
    script = project / "scripts" / "make-environment"
    result = _run(script, "test", build, path=path)
    (project / "said").write_text(result.stdout + result.stderr)
    return result.returncode, calls.read_text().splitlines()


def test_interrupted_environment_is_begun_anew(project: Path, path: Path) -> None:
    rc, calls = _install(project, path, rc=1)
    assert rc != 0
    assert not (project / ".venv" / ".complete").exists()
    # uv is tried first, then pip
    assert [call[:14] for call in calls[-2:]] == ["uv pip install", "-m pip install"]

    (project / ".venv" / "debris").touch()
    rc, calls = _install(project, path)
    assert rc == 0
    assert "-m venv .venv" in calls
    assert not (project / ".venv" / "debris").exists()
    assert (project / ".venv" / ".complete").exists()
    assert not (project / ".venv" / ".incomplete").exists()


def test_complete_environment_is_kept_and_updated(project: Path, path: Path) -> None:
    _install(project, path)
    rc, calls = _install(project, path)
    assert rc == 0
    assert "-m venv .venv" not in calls
    # What every process imports is compiled once, where it may be forbidden too.
    assert calls[-2].startswith("uv pip install")
    assert calls[-1] == "-c import ncl_deepxde.cli "
    assert (project / ".venv" / ".complete").exists()


def _sees_gpu(project: Path, path: Path) -> None:
    _program(path / "nvidia-smi", "exit 0")


def _has_no_index(project: Path, path: Path) -> None:
    (project / "no-index").write_text("2\n")


def _has_cuda(project: Path, path: Path) -> None:
    (project / "torch").write_text("cuda\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch has one build")
@pytest.mark.parametrize(
    ("build", "where", "is_for_cpus"),
    [
        ("auto", None, True),
        ("auto", _sees_gpu, False),
        ("auto", _has_no_index, False),
        ("auto", _has_cuda, False),
        ("cpu", _sees_gpu, True),
        ("cpu", _has_no_index, False),
        ("cuda", None, False),
    ],
)
def test_build_of_torch_is_chosen(
    project: Path, path: Path, build: str, where: Any, is_for_cpus: bool
) -> None:
    if where is not None:
        where(project, path)
    rc, calls = _install(project, path, build=build)
    assert rc == 0
    assert any("--torch-backend cpu" in call for call in calls) == is_for_cpus
    is_told = "cannot be reached" in (project / "said").read_text()
    assert is_told == (where is _has_no_index)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch has one build")
def test_other_build_of_torch_takes_the_place_of_the_first(
    project: Path, path: Path
) -> None:
    _has_cuda(project, path)
    rc, calls = _install(project, path, build="cpu")
    assert rc == 0
    removed = [call for call in calls if "uninstall" in call]
    assert [call.split()[-2:] for call in removed] == [["torch", "nvidia-nccl"]]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch has one build")
def test_torch_for_cpus_stays_where_its_index_is_gone(
    project: Path, path: Path
) -> None:
    (project / "torch").write_text("cpu\n")
    _has_no_index(project, path)
    rc, calls = _install(project, path)
    assert rc == 0
    assert not [call for call in calls if "uninstall" in call]


def test_unknown_build_of_torch_is_refused(project: Path, path: Path) -> None:
    rc, calls = _install(project, path, build="rocm")
    assert (rc, calls) == (2, [])
    said = (project / "said").read_text()
    assert "TORCH must be auto, cpu or cuda, got 'rocm'" in said
