"""What the models of the bird migration are compared with."""

from dataclasses import replace

import numpy as np
import pytest

from ncl_deepxde.cli import main
from ncl_deepxde.problems.bird_migration.campaign import Campaign
from ncl_deepxde.problems.bird_migration.reference import NearestObservation, load
from ncl_deepxde.problems.bird_migration.solution import TrueSolution


def test_nearest_observation_knows_what_was_observed(campaign):
    nearest = NearestObservation(campaign)
    rows = slice(0, 7)
    state = nearest(campaign.points[rows])
    assert (state["rho"].shape, state["u"].shape) == ((7, 1), (7, 3))
    np.testing.assert_equal(state["rho"], campaign.density[rows])
    first = campaign.points[:1]
    later = nearest(first[:, :3], float(first[0, 3]))
    np.testing.assert_equal(later["rho"], campaign.density[:1])


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_truth_is_the_reference_where_it_is_known(campaign, is_synthetic, tmp_path):
    path = tmp_path / "reference.npz"
    replace(campaign, is_synthetic=is_synthetic).save(path)
    kind = TrueSolution if is_synthetic else NearestObservation
    assert isinstance(load(path), kind)


def test_command_writes_a_file_of_any_name(tmp_path, capsys):
    path = tmp_path / "birds.dat"
    words = ["reference", "bird-migration", "--out", str(path), "--dt", "2"]
    assert main([*words, "--n", "2"]) == 0
    found = Campaign.load(path)
    # Two bins of 2.5 km.
    assert sorted(set(found.points[:, 2])) == [1.25, 3.75]
    assert main([*words, "--n", "0"]) == 2
    assert "reference.n" in capsys.readouterr().err
