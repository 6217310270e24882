"""Roads: capacity, and the speeds of waves in traffic."""

import pytest
import torch
from known_solutions import wave_speeds

from ncl_deepxde import laws


def test_a_road_carries_most_at_half_its_jam() -> None:
    law = laws.lwr(speed=30.0, jam=0.15)
    rho = torch.linspace(0, 0.15, 101)[:, None]
    (F,) = law.flux(laws.LawFields(rho, rho, rho, lambda: rho[:, None]))
    assert int(F.argmax()) == 50
    assert F.max().item() == pytest.approx(30 * 0.15 / 4)
    assert float(F[[0, -1]].abs().max()) < 1e-15
    speed = wave_speeds(law, torch.tensor([0.03]))
    assert speed.item() == pytest.approx(30 * (1 - 2 * 0.03 / 0.15))


def test_no_wave_of_drivers_is_faster_than_they() -> None:
    """Speeds are v and v - rho p'(rho): A. Aw, M. Rascle (2000)."""
    law = laws.arz(1.3, 2.0)
    rho, v = 0.7, 0.9
    q = torch.tensor([rho, rho * (v + 1.3 * rho**2)])
    right = torch.tensor([v - rho * 2.6 * rho, v])
    torch.testing.assert_close(wave_speeds(law, q), right)


def test_drivers_approach_the_preferred_speed() -> None:
    law = laws.arz(1.0, 1.0, relaxation=2.0, preferred=lambda rho: 1 - rho)
    q = torch.tensor([[0.5, 0.5 * (0.1 + 0.5)]])
    (s,) = law.source(laws.LawFields(q, q, q, lambda: q))
    torch.testing.assert_close(s, torch.tensor([[0.5 * (0.5 - 0.1) / 2]]))
    for wrong in {"relaxation": 2.0}, {"preferred": lambda rho: rho}:
        with pytest.raises(ValueError, match="relaxation: must be given together"):
            laws.arz(**wrong)
