"""Batches of certificates (批量制证): chosen once, made in the background, taken away as files or for the printer."""
