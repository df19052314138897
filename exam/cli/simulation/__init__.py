"""Honest candidates and staff over HTTP, for load, for the demo's history and for the judge."""
