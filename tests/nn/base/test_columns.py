"""What the columns of a network mean, and what a script takes them for."""

import logging

import pytest
import torch

from ncl_deepxde import nn
from ncl_deepxde.nn.base import columns as module
from ncl_deepxde.nn.base.columns import SCRIPTS

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

GLOROT = ("tanh", "Glorot normal")


def ncl(sizes=(3, 6, 3), **options):
    return nn.NCL(list(sizes), *GLOROT, **options)


def incompressible(sizes=(3, 6, 3), **options):
    return nn.Incompressible(list(sizes), *GLOROT, **options)


def steady(sizes, **options):
    return incompressible(sizes, time=False, **options)


def curl(sizes, **options):
    return nn.CurlNet(list(sizes), *GLOROT, **options)


def divergence_free(sizes, **options):
    return nn.DivergenceFree(list(sizes), *GLOROT, **options)


def gradient(sizes, **options):
    return nn.GradientField(list(sizes), *GLOROT, **options)


def momentum(**options):
    return nn.MomentumNCL([3, 6, 8], *GLOROT, **options)


VELOCITY = {"output": "velocity"}
PI = ("Pi_11", "Pi_12", "Pi_22")

RIGHT = [
    (ncl, (3, 6, 3), {}, "rho m_1 m_2"),
    (ncl, (3, 6, 4), {}, "rho mx my p"),
    (ncl, (2, 6, 2), {}, "density m_1"),
    (ncl, (3, 6, 3), VELOCITY, "rho u v"),
    (ncl, (4, 6, 5), VELOCITY, "rho u_x u_y u_z p"),
    (ncl, (5, 6, 5), {}, "rho m_1 m_2 m_3 m_4"),
    (incompressible, (3, 6, 3), {}, "u v p"),
    (incompressible, (4, 6, 4), {}, "u v w p"),
    (steady, (2, 6, 3), {}, "u v p"),
    (steady, (3, 6, 5), {}, "u1 u2 u3 p T"),
    (curl, (3, 6, 4), VELOCITY, "rho u v p"),
    (curl, (3, 6, 3), {}, "rho rho_u rho_v"),
    (divergence_free, (2, 6, 3), {}, "u v p"),
    (divergence_free, (3, 6, 3), {}, "v_1 v_2 v_3"),
    (gradient, (2, 6, 2), {}, "v1 v2"),
]


@pytest.mark.parametrize(("build", "sizes", "options", "names"), RIGHT)
def test_right_names_are_taken(build, sizes, options, names, caplog) -> None:
    module._said.clear()
    net = build(sizes, columns=names.split(), **options)
    assert len(net.columns) == net(torch.rand(2, sizes[0])).shape[1]
    assert caplog.text == "", "who says what the columns are is not told"


def test_extras_keep_their_names() -> None:
    net = incompressible((3, 6, 4), columns=("u", "v", "p", "T"))
    assert net.columns == ("u_1", "u_2", "p", "T")
    assert incompressible((3, 6, 4)).columns == ("u_1", "u_2", "extra_1", "extra_2")
    assert momentum().columns == ("rho", "m_1", "m_2", *PI, "v_1", "v_2")


WRONG = [
    # The velocity and pressure of a Navier-Stokes script.
    (ncl, (3, 6, 3), {}, "u v p", "Incompressible"),
    (ncl, (4, 6, 4), {}, "u v w p", "Incompressible"),
    (ncl, (2, 6, 3), {}, "u v p", "Incompressible(time=False)"),
    (incompressible, (3, 6, 4), {}, "u v w p", "Incompressible(time=False)"),
    (divergence_free, (3, 6, 3), {}, "u v p", "Incompressible"),
    (curl, (3, 6, 3), {}, "u v p", "Incompressible"),
    (gradient, (3, 6, 3), {}, "u v p", "Incompressible"),
    # A density with the other of velocity and momentum.
    (ncl, (3, 6, 3), {}, "rho u v", 'NCL(output="velocity")'),
    (ncl, (3, 6, 3), VELOCITY, "rho mx my", "NCL"),
    (curl, (3, 6, 4), VELOCITY, "rho mx my p", "NCL"),
    (incompressible, (3, 6, 4), {}, "rho u v p", 'NCL(output="velocity")'),
    (divergence_free, (3, 6, 3), {}, "rho m_1 m_2", "NCL"),
    # The order and the number count.
    (incompressible, (3, 6, 3), {}, "p u v", None),
    (incompressible, (3, 6, 3), {}, "v u p", None),
    (incompressible, (3, 6, 4), {}, "u v p p", None),
    (incompressible, (3, 6, 4), {}, "u v p rho", None),
    (ncl, (3, 6, 3), {}, "h hu hv", None),
]


@pytest.mark.parametrize(("build", "sizes", "options", "names", "better"), WRONG)
def test_wrong_names_are_refused(build, sizes, options, names, better) -> None:
    with pytest.raises(ValueError, match=r"^columns: must be those of nn\.") as caught:
        build(sizes, columns=names.split(), **options)
    message = str(caught.value)
    remedy = f"Use nn.{better}. " if better else "or use dde.nn.FNN. "
    assert f"got ({', '.join(names.split())}). " in message
    assert remedy in message
    assert all(script.row() in message for script in SCRIPTS.values())


@pytest.mark.parametrize("names", ["u v", "u v p T"])
def test_all_columns_must_be_named(names) -> None:
    message = r"with div u = 0, got .* Name all 3 columns of layer_sizes\. Which"
    with pytest.raises(ValueError, match=message):
        incompressible(columns=names.split())


@pytest.mark.parametrize("names", ["uvp", (1, 2, 3), ("u", None, "p")])
def test_what_are_no_names_is_refused(names) -> None:
    with pytest.raises(ValueError, match=r"^columns: must "):
        incompressible(columns=names)


def test_a_network_says_once_what_its_columns_are(caplog) -> None:
    module._said.clear()
    with caplog.at_level(logging.WARNING, "ncl_deepxde"):
        ncl()
        ncl()
        incompressible()
    first, second = [record.getMessage() for record in caplog.records]
    assert (
        "nn.NCL gives the columns (rho, m_1, m_2) of the inputs (x_1, x_2, t)" in first
    )
    assert "nn.Incompressible gives the columns (u_1, u_2, extra_1)" in second
    assert "with div u = 0" in second


@pytest.mark.parametrize("name", SCRIPTS)
def test_recommended_networks_exist(name) -> None:
    """Each is built as it is written and has the columns that the table says."""
    script = SCRIPTS[name]
    source = name.removesuffix(")") + ("," if "(" in name else "(")
    d = 2
    sizes = [d + script.has_time, 6, len(script.columns(d))]
    net = eval(
        f"nn.{source} layer_sizes={sizes}, activation='tanh', "
        "kernel_initializer='Glorot normal')"
    )
    assert list(net.columns) == script.columns(d)
    assert script.inputs(d) == ["x_1", "x_2", "t"][: net.num_inputs]
