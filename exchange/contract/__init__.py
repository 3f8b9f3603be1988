"""The wire contract: HTTP bodies, and the lines of the files that the exchange and robots exchange."""
