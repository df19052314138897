"""Custody of form keys: k of n people open a sitting together (DESIGN.md §7)."""
