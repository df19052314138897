"""Items (试题) and their immutable versions."""
