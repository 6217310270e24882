"""A campaign: the split, tables, windows, files."""

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.bird_migration.campaign import Campaign
from ncl_deepxde.problems.bird_migration.models import velocity_noise


def test_no_row_of_a_held_out_radar_is_trained_on(three_nights):
    train, test = three_nights.table().hold_out(three_nights.held_out)
    assert three_nights.held_out == ["center"]
    assert train.stations == ["east", "west"]
    assert test.stations == ["center"]
    assert len(train) + len(test) == len(three_nights)


def test_table_has_no_vertical_velocity(three_nights):
    observed = three_nights.table(velocity_noise(three_nights.units)).observed
    assert torch.isnan(observed.velocity[:, 2]).all()
    expected = three_nights.velocity / three_nights.units.speeds[:2]
    found = observed.velocity[:, :2].numpy()
    np.testing.assert_allclose(found, expected)
    assert observed.velocity_noise.shape == (1, 3)


def test_saved_campaign_is_loaded_as_it_was(three_nights, tmp_path):
    path = tmp_path / "reference.npz"
    three_nights.save(path)
    found = Campaign.load(path)
    for name, value in vars(three_nights).items():
        np.testing.assert_equal(getattr(found, name), value)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="damaged"):
        Campaign.load(path)


def test_night_is_the_window_with_the_most_birds(three_nights):
    assert three_nights.night() == (48.0, 56.0)
