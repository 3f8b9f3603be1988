"""What operators type, on a running stack."""
