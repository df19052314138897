"""The study-hour ledger: evidence by the server's clock, hours as a pure function of it."""
