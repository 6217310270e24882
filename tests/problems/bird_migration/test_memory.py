"""Memory of a step: collocation points grow with the observations."""

from ncl_deepxde.problems.bird_migration.memory import resized
from ncl_deepxde.problems.bird_migration.presets import PRESETS


def test_collocation_points_keep_their_share():
    pinn = PRESETS["smoke"].settings("pinn")
    assert (pinn.num_observations, pinn.num_domain) == (128, 64)
    larger = resized(pinn, 256)
    assert (larger.num_observations, larger.num_domain) == (256, 128)
    assert resized(pinn, 1).num_domain == 1
    assert larger.adam == pinn.adam
    mlp = PRESETS["smoke"].settings("mlp")
    assert resized(mlp, 7).num_observations == 7
