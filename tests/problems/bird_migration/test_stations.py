"""Which radars are held out."""

import numpy as np
import pytest

from ncl_deepxde.problems.bird_migration.stations import HELD_OUT, STATIONS, held_out


def test_split_of_the_37_stations_is_that_of_the_paper():
    places = {name: np.array(place) for name, place in STATIONS.items()}
    assert len(places) == 37
    found = held_out(places)
    assert found == sorted(HELD_OUT)
    assert len(found) == 17
    assert {"frbou", "deneu", "deeis", "frniz"}.isdisjoint(found)


def test_split_of_others_holds_out_the_center():
    places = {str(i): np.array([float(i), 0.0]) for i in range(9)}
    assert held_out(places) == ["3", "4"]
    assert held_out({"a": [0.0, 0.0], "b": [1.0, 0.0]}) == ["a"]
    with pytest.raises(ValueError, match="at least two radars"):
        held_out({"a": [0.0, 0.0]})
