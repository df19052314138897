"""Figures by region and period, and what is reported upward."""
