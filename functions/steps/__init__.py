"""The use cases, one a file: plain values and `Services` in, plain values out."""
