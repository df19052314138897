"""Materials of lessons: uploaded in parts, made playable by the worker in a limited process, kept in the storage."""
