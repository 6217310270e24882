r"""What given velocities carry through the boundary.

In a domain without open ends :math:`\nabla \cdot u = 0` asks that :math:`\oint g \cdot
n = 0`, and a wall that moves along itself has :math:`g \cdot n = 0`.
"""

import numpy as np
from ufl import FacetNormal, Measure, dot, inner, sqrt

from ._arrays import Integers
from ._dolfinx import fem
from ._domain import FlowDomain
from ._facets import facet_cells
from .boundary import Inflow, Moving, Outflow

LEAST = 1e-3
"""Part of :math:`\\oint |g|` that interpolation may leave."""
ALONG = 0.05
"""Part of a wall's motion that may lead through it, for chords of a turning circle."""


class Balance:
    """Fluxes of given velocities through parts of the boundary.

    Args:
        domain: Mesh with the parts of its boundary.
        given: The given velocities, at their nodes.
    """

    def __init__(self, domain: FlowDomain, given: fem.Function) -> None:
        self.comm = domain.msh.comm
        kinds = [c for _, c in domain.parts]
        self.is_closed = not any(isinstance(c, Outflow) for c in kinds)
        self.has_flux = any(isinstance(c, Moving | Inflow) for c in kinds)
        groups = [_together(domain, kind) for kind in (Moving, Inflow)]
        cells = [facet_cells(domain.msh, facets).ravel() for facets in groups]
        data = [(i, part.astype(np.int32)) for i, part in enumerate(cells)]
        ds = Measure("ds", domain=domain.msh, subdomain_data=data)
        through = dot(given, FacetNormal(domain.msh))
        # smooth at rest, where the speed has no slope
        speed = sqrt(inner(given, given) + np.finfo(float).tiny)
        self._forms = {
            "net": fem.form(through * ds((0, 1))),
            "all": fem.form(speed * ds((0, 1))),
            "through": fem.form(abs(through) * ds(0)),
            "along": fem.form(speed * ds(0)),
        }

    def check(self) -> None:
        """Check the velocities as they are now.

        Raises:
            ValueError: If a moving wall leads fluid through itself, or more flows into
                a closed domain than out of it.
        """
        if not self.has_flux:
            return
        found = {
            name: float(self.comm.allreduce(fem.assemble_scalar(form)))
            for name, form in self._forms.items()
        }
        if found["through"] > ALONG * found["along"]:
            raise ValueError(
                "the velocity of a Moving wall must run along it, got a mean speed "
                f"through it of {found['through'] / found['along']:.3g} of its own; "
                "use Inflow where fluid passes"
            )
        if self.is_closed and abs(found["net"]) > LEAST * found["all"]:
            raise ValueError(
                "boundary must let as much out as in where no part is Outflow, got a "
                f"net flux of {found['net']:.6g} outwards; correct the velocities or "
                "make one part Outflow()"
            )


def _together(domain: FlowDomain, kind: type) -> Integers:
    chosen = [facets for facets, c in domain.parts if isinstance(c, kind)]
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
