"""Items that are released for practice: read without the bank's role, asked without their keys, solved afterwards."""
