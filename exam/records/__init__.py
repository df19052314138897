"""Derived views of person and enterprise, fed by events."""
