"""What is kept of an exam room: recordings, what was seen, and the bundle that proves it."""
