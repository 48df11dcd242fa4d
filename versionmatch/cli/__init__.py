"""The command line: the same settings and the same JSON as the library."""
