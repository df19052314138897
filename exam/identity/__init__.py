"""People, accounts, roles, sessions, regions and organisations."""
