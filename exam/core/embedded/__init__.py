"""PostgreSQL and Valkey from wheels, run as children of the supervisor or of the tests."""
