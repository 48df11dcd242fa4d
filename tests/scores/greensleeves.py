"""The verse and chorus that the example recordings play, as a lead sheet in A minor."""

from examples import score as written

STEP = {"C": "c", "D": "d", "E": "e", "F": "f", "G": "g", "A": "a", "B": "b"}


def _note(token):
    name, _, eighths = token.strip("~^").partition("/")
    if name == "r":
        return f"z{_length(eighths)}"
    letter, sharp, octave = name[0], "^" * name.count("#"), int(name[-1])
    return f"{sharp}{STEP[letter]}{',' * (5 - octave) if octave < 5 else chr(39) * (octave - 5)}{_length(eighths)}"


def _length(eighths):
    return f"{round(float(eighths) * 2)}/2"


def _bars(text):
    return [bar.split() for bar in text.split("|") if bar.strip()]


def lead_sheet():
    """ABC text; two chords to a bar, each over its half."""
    lines = ["X:1", "T:Greensleeves", "M:6/8", "L:1/8", "Q:3/8=54", "K:Am"]
    for melody, harmony in ((written.VERSE, written.VERSE_HARMONY), (written.CHORUS, written.CHORUS_HARMONY)):
        for notes, chords in zip(_bars(melody), _bars(harmony), strict=True):
            out, at = [], 0.0
            for token in notes:
                if at in {0.0, 3.0} and chords[int(at // 3)] != ".":
                    out.append(f'"{chords[int(at // 3)]}"')
                out.append(_note(token))
                at += float(token.partition("/")[2])
            lines.append(" ".join(out) + " |")
    return "\n".join(lines) + "\n"
