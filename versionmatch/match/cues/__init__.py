"""One way a file in which two recordings can be alike."""
