"""Problems that need something that is not installed."""

import pytest

from ncl_deepxde import cli
from ncl_deepxde.runs import discovery


class Broken:
    """An entry point whose package lacks an extra."""

    name = "broken"

    def load(self):
        raise ImportError("needs pyproj. Run pip install 'ncl-deepxde[birds]'.")


def test_problem_without_its_extra_tells_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr(discovery, "entry_points", lambda **options: [Broken()])
    assert cli.main(["list"]) == 0
    assert "broken cannot be loaded: needs pyproj. Run" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match=r"broken cannot be loaded: .*\[birds\]"):
        discovery.find("broken")
