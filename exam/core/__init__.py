"""Kernel without domain words: configuration, database, clock, identifiers, errors, events, jobs, audit."""
