"""Figures by region and period."""
