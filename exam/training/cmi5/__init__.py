"""cmi5 courses: units launched with a session of their own, and the statement store that they talk to (xAPI 1.0.3)."""
