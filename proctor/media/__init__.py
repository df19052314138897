"""Live video of the exam rooms: packets are forwarded and recorded as they come, never decoded here."""
