"""Settings of the simulated fluid flow: what is out of range or unknown is refused."""

import pytest

from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.settings import SCHEMAS, FluidSettings
from ncl_deepxde.runs import Preset, merge


def changed(preset, changes):
    content = merge(PRESETS[preset].content, changes)
    return Preset("", tuple(SCHEMAS), content, SCHEMAS, FluidSettings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pinn": {"depht": 5}}, r"FluidPinn: depht is no setting"),
        ({"lflow": {"depth": 2.5}}, r"FluidLFlow: depth: .*integer.*got 2.5"),
        ({"figures": {"n": 0}}, r"figures.n: .*greater.*got 0"),
        ({"cases": {"3d": {"dim": 4}}}, r"dim: Input should be 2 or 3, got 4"),
        ({"cases": {"2d": {"slda": {"adam": {"gird_lr": 1}}}}}, r"adam.gird_lr is no"),
    ],
)
def test_a_slip_in_a_preset_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        changed("smoke", changes)
