"""Reminders: what ends soon and what is due, told once for each stage, in the desk, by mail and by webhook."""
