"""Birds per square kilometer and traffic rates, against sums by hand."""

import numpy as np
import pandas as pd
import pytest
from radar_files import frame, write_odim

from ncl_deepxde.radar import Profiles, integrate_profiles, read


def column(**columns):
    """One profile of three bins of 200, 200 and 500 m, the last without a velocity."""
    good = {
        "radar": ["a"] * 3,
        "lon": [5.0] * 3,
        "lat": [50.0] * 3,
        "time": pd.to_datetime(["2018-04-05T18:00Z"] * 3),
        "altitude": [100.0, 300.0, 650.0],
        "width": [200.0, 200.0, 500.0],
        "dens": [10.0, np.nan, 4.0],
        "u": [3.0, 9.0, np.nan],
        "v": [4.0, 9.0, np.nan],
    }
    return Profiles.of(pd.DataFrame(good | columns))


def test_sums_over_bins():
    """10 * 0.2 + 4 * 0.5 birds/km2; 10 * 0.2 * 5 m/s; the second bin has no density."""
    line = integrate_profiles(column()).iloc[0]
    assert line["vid"] == pytest.approx(4.0, rel=1e-14)
    assert line["mtr"] == pytest.approx(3.6 * 10.0, rel=1e-14)
    assert line["layers"] == 2
    assert line["vid_without_velocity"] == pytest.approx(2.0, rel=1e-14)


@pytest.mark.parametrize(
    ("direction", "speed"), [(0, 4), (90, 3), (180, -4), (270, -3), (36.8698976, 5)]
)
def test_traffic_into_a_direction(direction, speed):
    line = integrate_profiles(column(), direction=direction).iloc[0]
    assert line["mtr"] == pytest.approx(3.6 * 2.0 * speed, rel=1e-8)
    assert line["vid_without_velocity"] == pytest.approx(2.0, rel=1e-14)


@pytest.mark.parametrize(
    ("altitude", "birds"), [((200, 1000), 2), ((0, 200), 2), ((0, 401), 4)]
)
def test_bins_count_by_their_lower_edge(altitude, birds):
    series = integrate_profiles(column(), altitude=altitude)
    assert series["vid"].iloc[0] == pytest.approx(birds, rel=1e-14)


def test_radars_and_times_stay_apart(tmp_path):
    write_odim(tmp_path / "a.h5", time="230000")
    write_odim(tmp_path / "b.h5", time="231500")
    write_odim(tmp_path / "c.h5", source="NOD:other")
    series = integrate_profiles(read(tmp_path))
    assert series["radar"].tolist() == ["bejab", "bejab", "other"]
    assert series["time"].dt.minute.tolist() == [0, 15, 30]
    np.testing.assert_allclose(series["vid"], 3 * 0.2, rtol=1e-14)


def test_what_cannot_be_integrated_is_told():
    with pytest.raises(ValueError, match=r"width: must be .* missing for a, b"):
        integrate_profiles(Profiles.of(frame()))
    with pytest.raises(ValueError, match=r"altitude: must hold.*edges from 0 to 400 m"):
        integrate_profiles(column(), altitude=(500, 600))
    with pytest.raises(ValueError, match="direction: must be degrees"):
        integrate_profiles(column(), direction=np.nan)
