"""How all parts for requestors and authors of robots write files."""
