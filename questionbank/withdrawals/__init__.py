"""紧急撤题: an item is withdrawn while forms that may hold it are in use."""
