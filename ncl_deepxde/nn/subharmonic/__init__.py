"""Densities that are Laplacians of a subharmonic potential."""

from .net import SubharmonicNCL

__all__ = ["SubharmonicNCL"]
