"""How often observations are right: a set of drawn clips whose truth is known, shipped and versioned with the project."""
