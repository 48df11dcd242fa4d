"""Harmony as chords: how alike two progressions are, where, in which degrees, and how unusual that is."""
