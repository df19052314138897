"""Scores, results, practical marking, regrade."""
