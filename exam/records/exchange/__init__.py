"""Exchange with neighbouring systems: one contract, an outbox, and receipts for all that left."""
