"""From what a machine saw to what people found: observations, incidents, two reviews, a disposition."""
