"""Scores where recordings can stand: MIDI, MusicXML, ABC, Humdrum kern and tables of notes.

Each reader gives one ``Score``; ``sounding`` makes of it what the engine knows of a recording. See ``docs/scores.md``.
"""
