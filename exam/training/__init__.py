"""Programmes, classes and the study-hour ledger."""
