"""What a centre asks of the video of each of its rooms."""
