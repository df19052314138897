"""Lessons: written by a training body, studied at home, their time counted by the server's clock."""
