"""The audit entry and the append-only ledger it stands in."""
