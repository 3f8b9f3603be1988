"""What goes over the wire: HTTP bodies and the lines of the files that we exchange with robots."""
