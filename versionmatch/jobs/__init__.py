"""The recipes that know everything: compare, align, measure retrieval."""
