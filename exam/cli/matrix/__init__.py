"""`ankao audit matrix`: attacks on scratch instances, by whoever owns database and machine, and what notices each."""
