"""The migration as a plain network, and five nights of three radars."""

import pandas as pd
import torch

from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.settings import Selection
from ncl_deepxde.problems.bird_migration.synthetic import center_of
from ncl_deepxde.problems.bird_migration.truth import Migration
from ncl_deepxde.radar import Profiles

CHOICE = Selection(nights=3, clock="utc", moving=1.0, start=None, end=None)
PLACES = {"west": (-2.0, 48.0), "center": (5.0, 49.0), "east": (12.0, 50.0)}


class MigrationNetwork(torch.nn.Module):
    """The migration as a plain network of (rho, u) in network coordinates."""

    def __init__(self, campaign):
        super().__init__()
        self.campaign = campaign
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs):
        units, flow = self.campaign.units, Migration()
        points = inputs * torch.tensor(units.scales) + torch.tensor(units.origin)
        shift = torch.tensor([*center_of(self.campaign.projection), 0.0, -3.0])
        points = points - shift
        u = flow.velocity(points) / torch.tensor(units.speeds)
        return torch.cat([flow.density(points), u], dim=1)


def built(model, preset="smoke"):
    return PROBLEM.build(model, PROBLEM.presets[preset].settings(model), 0)


def profiles_of(days=5, birds=lambda day: 10.0 * (1 + (day == 3))):
    """Three radars in five nights, hourly from 20 to 4 UTC, in two bins."""
    rows = [
        (name, lon, lat, pd.Timestamp("2018-04-01T20:00", tz="UTC"), day, hour, z)
        for name, (lon, lat) in PLACES.items()
        for day in range(days)
        for hour in range(9)
        for z in (500.0, 1500.0)
    ]
    columns = ["radar", "lon", "lat", "start", "day", "hour", "altitude"]
    table = pd.DataFrame(rows, columns=columns)
    table["time"] = table["start"] + pd.to_timedelta(24 * table.day + table.hour, "h")
    table["dens"] = [birds(day) for day in table.day]
    table.loc[table.altitude > 1000, "dens"] = 0.5
    table["u"], table["v"] = 10.0, 0.0
    return Profiles.of(table)
