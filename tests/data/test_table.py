"""Tables of observations: minibatches, stations, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ncl_deepxde.data import Observed, Table


def rows(n=12, d=2):
    """Points, densities, velocities; every number in a row tells the row."""
    i = np.arange(n)[:, None]
    return np.hstack([i + 0.0] * (d + 1)), i + 100.0, np.hstack([i + 200.0] * d)


def generator(seed=0):
    return torch.Generator(torch.get_default_device()).manual_seed(seed)


def test_all_rows_come_in_their_order_if_the_number_suffices() -> None:
    table = Table(*rows())
    for n in (12, 50):
        found = table(n, generator())
        assert found.points.shape == (12, 3)
        assert torch.equal(found.density[:, 0], torch.arange(12.0) + 100)
    assert len(table) == 12


def test_minibatches_are_rows_without_repetition(dtype) -> None:
    table = Table(*rows(), velocity_noise=np.arange(1.0, 13)[:, None])
    found = table(5, generator())
    assert found.points.shape == (5, 3)
    assert found.velocity.shape == (5, 2)
    assert {found.points.dtype, found.velocity.dtype} == {dtype}
    i = found.points[:, :1]
    assert len(i.unique()) == 5
    assert torch.equal(found.density, i + 100)
    assert torch.equal(found.velocity, (i + 200).expand(5, 2))
    assert torch.equal(found.velocity_noise, i + 1)
    assert torch.equal(table(5, generator()).points, found.points)
    assert not torch.equal(table(5, generator(1)).points, found.points)
    seen = torch.cat([table(5, generator(seed)).points[:, 0] for seed in range(30)])
    assert len(seen.unique()) == 12


def test_one_noise_per_component_is_shared_by_the_rows() -> None:
    table = Table(*rows(), density_noise=0.5, velocity_noise=[[1.0, 2.0]])
    found = table(5, generator())
    assert torch.equal(found.velocity_noise, torch.tensor([[1.0, 2.0]]))
    assert float(found.density_noise) == 0.5


def test_the_table_is_a_copy_of_the_data() -> None:
    points, rho, u = map(torch.as_tensor, rows())
    table = Table(points, rho, u)
    rho += 1
    assert torch.equal(table.observed.density, rho - 1)


@pytest.mark.parametrize("labels", [["a", "b", "c"], [3, 1, 2]])
def test_stations_are_held_out(labels) -> None:
    table = Table(*rows(), stations=labels * 4)
    assert table.stations == sorted(labels)
    kept, held_out = table.hold_out(labels[1:2])
    assert (len(kept), len(held_out)) == (8, 4)
    assert torch.equal(held_out.observed.points[:, 0], torch.arange(1.0, 12, 3))
    assert torch.equal(kept.observed.density, kept.observed.points[:, :1] + 100)
    assert held_out.stations == labels[1:2]
    assert kept.stations == sorted([labels[0], labels[2]])


def test_rows_are_selected_by_mask_or_index() -> None:
    points, rho, _ = rows()
    noise = np.arange(1.0, 13)[:, None]
    table = Table(points, rho, density_noise=noise, velocity_noise=noise)
    late = table.select(points[:, 2] > 8)
    assert torch.equal(late.observed.density[:, 0], torch.tensor([109.0, 110, 111]))
    assert torch.equal(late.observed.density_noise[:, 0], torch.tensor([10.0, 11, 12]))
    assert torch.equal(late.observed.velocity_noise, late.observed.density_noise)
    assert late.observed.velocity is None
    assert torch.equal(table.select([2, 0]).observed.points[:, 0], torch.tensor([2, 0]))


def bad(**changes):
    points, rho, u = rows()
    return {"points": points, "density": rho, "velocity": u} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": np.zeros(12)}, r"points: must have the shape \(N, d\+1\)"),
        ({"points": np.zeros((12, 1))}, r"points: must have the shape \(N, d\+1\)"),
        ({"density": np.zeros(12)}, r"density: .*\(12, 1\).* got \(12,\)"),
        ({"velocity": np.zeros((12, 3))}, r"velocity: .*\(12, 2\).* got \(12, 3\)"),
        ({"velocity": np.zeros((11, 2))}, r"velocity: .* got \(11, 2\)"),
        ({"velocity_noise": np.ones(2)}, r"velocity_noise: .* got \(2,\)"),
        ({"points": np.full((12, 3), np.nan)}, "points: must hold .* finite"),
        ({"density": np.full((12, 1), np.inf)}, "density: must be finite"),
        ({"density_noise": 0.0}, "density_noise: .* positive and finite, got 0"),
        ({"velocity_noise": math.nan}, "velocity_noise: .* positive and finite"),
        ({"stations": ["a"]}, r"stations: .* 12 rows, got the shape \(1,\)"),
    ],
)
def test_bad_tables_are_refused(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        Table(**bad(**changes))


def test_empty_table_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        Table(np.zeros((0, 3)))


@pytest.mark.parametrize(
    ("stations", "held_out", "message"),
    [
        (None, ["a"], "must have labels"),
        (["a", "b"] * 6, ["c"], r"some of \['a', 'b'\] but not all, got \['c'\]"),
        (["a", "b"] * 6, ["a", "b"], "but not all"),
        (["a", "b"] * 6, [], "but not all"),
    ],
)
def test_bad_stations_are_refused(stations, held_out, message) -> None:
    with pytest.raises(ValueError, match=message):
        Table(*rows(), stations=stations).hold_out(held_out)


def test_observed_checks_its_shapes() -> None:
    with pytest.raises(ValueError, match=r"density: .* got \(3, 2\)"):
        Observed(torch.zeros(3, 3), density=torch.zeros(3, 2))
