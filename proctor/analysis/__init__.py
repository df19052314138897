"""What a machine can say of a seat's picture: observations with their time, never a verdict."""
