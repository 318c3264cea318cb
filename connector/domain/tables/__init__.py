"""What the warehouse holds: the log, the views over it, and their evolution."""
