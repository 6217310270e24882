"""Held-out radars over time."""

from ncl_deepxde.problems.bird_migration.figures import profile_of


def test_profile_has_every_hour_and_nothing_by_day(three_nights):
    profile = profile_of(three_nights, "center")
    assert profile.index.tolist() == [0.5, 1.5]
    # Three nights of nine hours, the days between them unknown.
    assert profile.columns.tolist() == list(range(57))
    known = profile.notna().all()
    assert known.sum() == 27
    assert not known[9:24].any()
    # The last night has twice as many birds, in the lower bin.
    assert profile[[0, 24, 48]].to_numpy().tolist() == [[10, 10, 20], [0.5, 0.5, 0.5]]
