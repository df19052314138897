"""The demo province: regions, organisations, accounts, seed banks, and a day of sittings."""
