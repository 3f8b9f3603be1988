"""A robot that does much of what a robot should not, and says afterwards what it did."""
