"""Qualifications and effective-dated rule sets, as data files with their legal source."""
