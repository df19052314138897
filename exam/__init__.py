"""Kernel at the bottom, composition root at the top; importing any exam.* must import nothing else."""
