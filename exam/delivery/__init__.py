"""Attempts, responses, timing and the terminal."""
