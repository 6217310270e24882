"""Finite-element reference solutions, computed by dolfinx and handed over as files."""
