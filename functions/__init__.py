"""The Enhancement Exchange: batch enhancement of bibliographic references by robots."""
