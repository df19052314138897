"""Fixed cameras of exam rooms: registered with a check, taken in over RTSP, shown and recorded like seats."""
