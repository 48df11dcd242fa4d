"""Greensleeves, arranged twice: the score, as data that can be read and changed.

The tune is English, printed in 1580 and in the public domain; both arrangements are the project's own.

Everything is written in A minor and transposed when it is played. A melody is a string of ``pitch/length``
with lengths in eighth notes, six to a bar; ``r`` is a rest, ``|`` a bar line. ``~`` before a note is a mordent
(note, upper neighbour, note), ``^`` a short grace note from the step below. A harmony is a string of chords,
two to a bar; ``.`` repeats the chord before.
"""

from dataclasses import dataclass

SCALE = (9, 11, 0, 2, 4, 6, 7)  # pitch classes of the neighbours of ornaments: A minor with the tune's F♯

VERSE = """
  C5/2 D5/1 E5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1.5 A4/.5 B4/1 | C5/2 A4/1 A4/1.5 G#4/.5 A4/1 | B4/2 G#4/1 E4/2 A4/1 |
  C5/2 D5/1 E5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1.5 A4/.5 B4/1 | C5/1.5 B4/.5 A4/1 G#4/1.5 F#4/.5 G#4/1 | A4/3 A4/3 |
"""
VERSE_HARMONY = "Am . | G . | Am . | E . | Am . | G . | Am E | Am . |"

CHORUS = """
  G5/3 G5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1.5 A4/.5 B4/1 | C5/2 A4/1 A4/1.5 G#4/.5 A4/1 | B4/2 G#4/1 E4/3 |
  G5/3 G5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1.5 A4/.5 B4/1 | C5/1.5 B4/.5 A4/1 G#4/1.5 F#4/.5 G#4/1 | A4/3 A4/2 r/1 |
"""
CHORUS_HARMONY = "C . | G . | Am . | E . | C . | G . | Am E | Am . |"

VERSE_VARIED = """
  C5/1 B4/1 D5/1 E5/1 F#5/1 E5/1 | D5/1 C5/1 B4/1 G4/1 A4/1 B4/1 | C5/1 B4/1 A4/1 A4/1.5 G#4/.5 A4/1 |
  B4/1 A4/1 G#4/1 E4/2 A4/1 |
  C5/1 B4/1 D5/1 E5/.5 F#5/.5 G5/1 E5/1 | D5/1.5 C5/.5 B4/1 G4/.5 B4/.5 A4/1 B4/1 |
  C5/1 B4/1 A4/1 ~G#4/2 F#4/1 | A4/3 A4/3 |
"""
VERSE_VARIED_HARMONY = "Am . | G . | F Dm | E . | Am C | G . | Dm E | Am . |"

LEAD_IN = "r/5 A4/1 |"
LEAD_IN_HARMONY = "Am . |"

CODA = "~A4/6 | A4/6 |"
CODA_HARMONY = "Am . | Am . |"

INTRO = """
  r/6 | r/3 E4/1 A4/1 B4/1 | C5/4 B4/1 A4/1 | ^B4/3 r/2 A4/1 |
"""
INTRO_HARMONY = "Am7 . | Dm7 . | Fmaj7 . | E7 . |"

VERSE_SLOW = """
  ^C5/2 D5/1 E5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1 A4/1 B4/1 | C5/2 A4/1 ~A4/1.5 G#4/.5 A4/1 |
  B4/1.5 A4/.5 G#4/1 E4/2 A4/1 |
  ^C5/2 D5/1 ~E5/1.5 F#5/.5 E5/1 | D5/1.5 C5/.5 B4/1 G4/1 A4/1 B4/1 |
  C5/1.5 B4/.5 A4/1 ~G#4/1.5 F#4/.5 G#4/1 | A4/3 A4/3 |
"""
VERSE_SLOW_HARMONY = "Am7 . | G Em7 | Fmaj7 Dm7 | E7 . | Am C | G Em7 | Dm7 E7 | Am . |"

CHORUS_SLOW = """
  ^G5/3 G5/1.5 F#5/.5 E5/1 | D5/2 B4/1 G4/1 A4/1 B4/1 | C5/2 A4/1 ~A4/1.5 G#4/.5 A4/1 | B4/1.5 A4/.5 G#4/1 E4/3 |
  ^G5/3 ~G5/1.5 F#5/.5 E5/1 | D5/1.5 C5/.5 B4/1 G4/1 A4/1 B4/1 | C5/1.5 B4/.5 A4/1 G#4/1 F#4/1 G#4/1 | A4/3 A4/2 r/1 |
"""
CHORUS_SLOW_HARMONY = "C Em7 | G . | F Dm7 | E7 . | C . | G Em7 | Am E7 | Am . |"

CODA_SLOW = "A4/3 C5/1 B4/1 A4/1 | A4/6 |"
CODA_SLOW_HARMONY = "Fmaj7 Dm7 | Am . |"


@dataclass(frozen=True)
class Section:
    """Some bars: what they are called, which bars of the tune they play (or none), melody, harmony and loudness."""

    label: str
    tune: str  # sections of the same tune correspond bar by bar; "" belongs to this arrangement alone
    melody: str
    harmony: str
    loudness: float  # of the notes' MIDI velocity, 0…1
    pace: float  # above 1: livelier than the arrangement's tempo
    parts: tuple[str, ...]  # who plays besides the melody
    semitones: int = 0  # played that much higher than the rest of the arrangement


@dataclass(frozen=True)
class Arrangement:
    """One way to play it: key, tempo, instruments and the order of sections."""

    name: str
    title: str
    key: str
    semitones: int  # from the written A minor
    melody_octave: int  # the melody's part sounds that many octaves higher
    dotted_quarters_per_minute: float
    melody_program: int  # General MIDI, counted from 0
    sections: tuple[Section, ...]


A = Arrangement(
    name="greensleeves-a",
    title="Greensleeves for flute and strings",
    key="G minor",
    semitones=-2,
    melody_octave=1,
    dotted_quarters_per_minute=58.0,
    melody_program=73,  # flute
    sections=(
        Section("lead-in", "", LEAD_IN, LEAD_IN_HARMONY, 0.56, 0.98, ("guitar",)),
        Section("verse 1", "verse", VERSE, VERSE_HARMONY, 0.62, 1.00, ("guitar", "cello")),
        Section(
            "chorus 1",
            "chorus",
            CHORUS.replace("A4/2 r/1 |", "A4/2 A4/1 |"),
            CHORUS_HARMONY,
            0.74,
            1.02,
            ("guitar", "cello", "strings"),
        ),
        Section("verse 2", "verse", VERSE_VARIED, VERSE_VARIED_HARMONY, 0.64, 1.00, ("guitar", "cello"), -5),
        Section("chorus 2", "chorus", CHORUS, CHORUS_HARMONY, 0.80, 1.03, ("guitar", "cello", "strings")),
        Section("coda", "", CODA, CODA_HARMONY, 0.58, 0.97, ("guitar", "cello")),
    ),
)

B = Arrangement(
    name="greensleeves-b",
    title="Greensleeves for clarinet trio",
    key="B minor",
    semitones=2,
    melody_octave=0,
    dotted_quarters_per_minute=49.0,
    melody_program=71,  # clarinet
    sections=(
        Section("intro", "", INTRO, INTRO_HARMONY, 0.54, 0.97, ("piano", "bass")),
        Section("verse 1", "verse", VERSE_SLOW, VERSE_SLOW_HARMONY, 0.62, 0.99, ("piano", "bass", "brushes")),
        Section("chorus 1", "chorus", CHORUS_SLOW, CHORUS_SLOW_HARMONY, 0.72, 1.00, ("piano", "bass", "brushes")),
        Section("chorus 2", "chorus", CHORUS_SLOW, CHORUS_SLOW_HARMONY, 0.82, 1.04, ("piano", "bass", "brushes")),
        Section("coda", "", CODA_SLOW, CODA_SLOW_HARMONY, 0.56, 0.96, ("piano", "bass")),
    ),
)
