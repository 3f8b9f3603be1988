"""`python -m operations.dead_letters`: look at what was given up on, and send it again."""
