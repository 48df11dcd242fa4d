"""A comparison as a file of another program: one exporter a module, found by name like anybody's plugin."""
