"""What operators type when something is wrong. Never deployed."""
