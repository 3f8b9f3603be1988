"""Sample references and robots."""
