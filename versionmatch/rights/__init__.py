"""Who permits what: the facts of a log, what is allowed by them, what a withdrawal reaches, and shares of money."""
