"""The one door to dolfinx: checks that it is there and names what this package uses.

The wheel's ``dolfinx_solver`` is imported first where it is installed, because it
orders MPI ahead of the compiled modules; conda-forge's dolfinx needs no such help.
"""

import contextlib
import os
import shutil
import sysconfig

REMEDY = (
    "Install it with `pip install ncl-deepxde[fem]` (Linux x86-64, Python >= 3.12) or "
    "from conda-forge with `conda install fenics-dolfinx` (other platforms)."
)
MINIMUM = (0, 11)

with contextlib.suppress(ModuleNotFoundError):
    import dolfinx_solver  # noqa: F401

try:
    import dolfinx

    if tuple(int(part) for part in dolfinx.__version__.split(".")[:2]) < MINIMUM:
        raise ImportError(f"found version {dolfinx.__version__}")
    import basix.ufl as basix_ufl
    import ufl
    from basix import LagrangeVariant
    from dolfinx import fem, jit, mesh
    from dolfinx.common import IndexMap
    from dolfinx.cpp import mesh as cpp_mesh
    from dolfinx.fem import petsc as fem_petsc
    from dolfinx.mesh import Mesh
    from mpi4py import MPI
    from petsc4py import PETSc
except ImportError as error:
    raise ImportError(
        f"reference_fem needs dolfinx >= 0.11: {error}. {REMEDY}"
    ) from error

__all__ = [
    "MPI",
    "IndexMap",
    "LagrangeVariant",
    "Mesh",
    "PETSc",
    "basix_ufl",
    "cpp_mesh",
    "fem",
    "fem_petsc",
    "jit",
    "mesh",
    "require_compiler",
    "ufl",
]


def require_compiler() -> None:
    """Check that the C compiler that the form compiler will call exists.

    Raises:
        RuntimeError: If it is not on the PATH.
    """
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    compiler = str(command).split()[0]
    if shutil.which(compiler) is None:
        raise RuntimeError(
            f"dolfinx compiles its forms with the C compiler {compiler!r}, which is "
            "not on the PATH. Install one (Debian: `apt install gcc`) or set the "
            "environment variable CC to yours."
        )
