"""The whole flow on the local stack, through the real triggers and over real protocols."""
