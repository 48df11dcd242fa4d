"""What is kept of many recordings so that one can be found among them."""
