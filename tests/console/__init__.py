"""The modules of the console that need no browser, run by Node and compared with the code in Python."""
