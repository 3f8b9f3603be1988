"""The whole flow on the local stack, through the real triggers, over real protocols."""
