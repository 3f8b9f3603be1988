"""How fast the exchange is: ours beside the naive way and beside what no version can beat, all in the same run."""
