"""Pages that span packages, composed from their api modules only."""
