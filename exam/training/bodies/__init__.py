"""Training bodies: what they are approved for, where they teach and who teaches there."""
