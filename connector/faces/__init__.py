"""What people and machines call: HTTP, command line, page, demo."""
