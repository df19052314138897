"""The ankao command, one file per command group."""
