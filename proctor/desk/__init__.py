"""Every page of the proctor: rooms, seats, and acts on attempts."""
