"""Engines per role, the region scope of a transaction, column types."""
