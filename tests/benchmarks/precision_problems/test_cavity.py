"""The cavity: its reference is that of others."""

import numpy as np

# Of a spectral solution in github.com/wephy/physics-informed-neural-networks (src/pinn/
# references/ldc.npz, made with Dedalus): x, y, u, v.
PUBLISHED = [
    (0.4921463413440897, 0.21249737397836077, -0.1065282716, 0.0041013108),
    (0.21249737397836077, 0.6619587090990747, -0.0306812320, 0.2036411713),
    (0.8002101126629421, 0.9090748587125117, 0.3326399941, -0.1850705702),
]


def test_reference_is_that_of_others(problems):
    cavity, module = problems("cavity"), problems("stream_function")
    rows = np.array(PUBLISHED)
    found = module.velocity(cavity.lid, cavity.VISCOSITY, 14, rows[:, :2])
    # Of degree 14 the relative l2 error is some 1e-4.
    np.testing.assert_allclose(found, rows[:, 2:], atol=1e-4)
