"""题型: everything an interaction says of itself, one module each, registered in `registry`."""
