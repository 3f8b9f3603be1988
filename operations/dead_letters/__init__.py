"""`python -m operations.dead_letters`: list dead letters and resend them."""
