"""Laws of nature by their flux and source, for exact and for plain networks.

Each function returns a ``LawSystem``: ``closure`` is what is left to train where the
laws are exact, as in ``nn.BalanceLaws``; ``residual`` the same laws differentiated, for
a plain network of the states. A law of your own is a ``LawSystem`` with a function of
``LawFields`` that returns the fluxes.
"""

from .gas import euler, gas_pressure, isothermal
from .maxwell import maxwell
from .riemann import (
    RiemannSolution,
    burgers_riemann,
    euler_riemann,
    isothermal_riemann,
    lwr_riemann,
    water_riemann,
)
from .scalar import buckley_leverett, burgers, scalar_law
from .system import LawFields, LawSystem
from .traffic import arz, lwr
from .transport import advection_diffusion_reaction, fokker_planck, heat
from .water import shallow_ice, shallow_water

__all__ = [
    "LawFields",
    "LawSystem",
    "RiemannSolution",
    "advection_diffusion_reaction",
    "arz",
    "buckley_leverett",
    "burgers",
    "burgers_riemann",
    "euler",
    "euler_riemann",
    "fokker_planck",
    "gas_pressure",
    "heat",
    "isothermal",
    "isothermal_riemann",
    "lwr",
    "lwr_riemann",
    "maxwell",
    "scalar_law",
    "shallow_ice",
    "shallow_water",
    "water_riemann",
]
