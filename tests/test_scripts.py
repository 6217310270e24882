"""The shell scripts behind `make .venv`, run with a made-up PATH and interpreter."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
TOOLS = ("cat", "cp", "dirname", "mkdir", "mv", "rm", "touch")

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose interpreter and uv are fakes that write down their calls."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPTS / "make-environment", folder / "scripts")
    uv = _program(folder / "uv", f'echo "uv $1 $2" >> "{folder}/calls"; exit $(cat rc)')
    python = _program(
        folder / "python",
        f'echo "$1 $2 $3" >> "{folder}/calls"\n'
        'case "$2" in import*) exit ${PYTHONDONTWRITEBYTECODE-0};; esac\n'
        f'case "$2" in venv) mkdir -p .venv/bin; cp "$0" .venv/bin/python;'
        f' cp "{uv}" .venv/bin/uv;;\n'
        'pip) case "$*" in *--editable*) exit $(cat rc);; esac;; esac',
    )
    _program(folder / "scripts" / "find-python", f"echo {python}")
    return folder


def _install(project: Path, path: Path, rc: int) -> tuple[int, list[str]]:
    """Run make-environment with an installer that exits with rc; return its calls."""
    (project / "rc").write_text(f"{rc}\n")
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    result = _run(project / "scripts" / "make-environment", "test", path=path)
    return result.returncode, calls.read_text().splitlines()


def test_interrupted_environment_is_begun_anew(project: Path, path: Path) -> None:
    rc, calls = _install(project, path, rc=1)
    assert rc != 0
    assert not (project / ".venv" / ".complete").exists()
    # uv is tried first, then pip
    assert calls[-2:] == ["uv pip install", "-m pip install"]

    (project / ".venv" / "debris").touch()
    rc, calls = _install(project, path, rc=0)
    assert rc == 0
    assert "-m venv .venv" in calls
    assert not (project / ".venv" / "debris").exists()
    assert (project / ".venv" / ".complete").exists()
    assert not (project / ".venv" / ".incomplete").exists()


def test_complete_environment_is_kept_and_updated(project: Path, path: Path) -> None:
    _install(project, path, rc=0)
    rc, calls = _install(project, path, rc=0)
    assert rc == 0
    assert "-m venv .venv" not in calls
    # What every process imports is compiled once, where it may be forbidden too.
    assert calls[-2:] == ["uv pip install", "-c import ncl_deepxde.cli "]
    assert (project / ".venv" / ".complete").exists()
