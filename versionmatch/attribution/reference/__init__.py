"""Small generative models on music made by a seeded procedure: to learn on, to measure on, to test with."""
