"""Programmes: which hours a training asks for, node by node."""
