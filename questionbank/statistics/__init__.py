"""How items did: what grading wrote down after each sitting, and what that says about an item."""
