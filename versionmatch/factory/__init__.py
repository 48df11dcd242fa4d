"""The versions factory: many versions of one work, made from its melody and chords, to learn from.

It shares no code with what compares recordings, so that the network cannot learn the matcher's own habits.
"""
