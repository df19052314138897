"""Proctoring (监考): the desk from which rooms are led."""
