"""`python -m exchange.cli` is the same as `exchange`."""

from exchange.cli.main import main

main()
