"""The places with dead letters; see `ports.DeadLetterStore`."""
