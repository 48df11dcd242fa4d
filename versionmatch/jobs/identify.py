"""Which recordings of a catalogue a file is, or has in it; nothing found is the usual answer to an unknown song."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import AudioDecodeError, InputError, LimitError
from ..features.view import Track
from ..fingerprint.landmarks import ASKED, landmarks
from ..fingerprint.warp import WARPS
from ..index.found import Answers, Found
from ..params import check
from ..types import Peaks
from .catalogue import Catalogue
from .opening import Source, open_track
from .prints import CataloguePrints


@dataclass(frozen=True, slots=True)
class Identified:
    """What was found of one source; ``error`` says why it could not be read, and then nothing was."""

    source: str
    answers: Answers
    error: str = ""

    def to_dict(self, labels: dict[str, str]) -> dict[str, Any]:
        """JSON-able data; ``labels`` names recordings by their ids."""
        found = [{"label": labels.get(f.track, ""), **found_facts(f)} for f in self.answers]
        return {"source": self.source, "error": self.error, "complete": self.answers.complete, "found": found}


def identify(
    catalogue: Catalogue, sources: Iterable[Source], *, warps: str = "single", partition: str = ""
) -> Iterator[Identified]:
    """The recordings of the catalogue that each source is, best first; one that cannot be read is told and passed over.

    Parameters
    ----------
    catalogue : Catalogue
    sources : iterable of path, bytes, ``(samples, sr)`` or Track
        Of any length; of long ones every part is looked up.
    warps : str
        What may have been done to them: ``"none"``, ``"speed"``, ``"single"`` or ``"full"``.
    partition : str
        Only recordings of this part; empty: all.
    """
    check(warps in WARPS, "warps", warps, f"one of {', '.join(WARPS)}")
    index = CataloguePrints(catalogue, partition)
    for source in sources:
        name = str(source) if isinstance(source, str) or hasattr(source, "__fspath__") else "given sound"
        try:
            peaks = asked_peaks(open_track(source))
        except (AudioDecodeError, LimitError, InputError) as error:
            yield Identified(name, Answers(), str(error))
            continue
        yield Identified(name, index.found(peaks, warps))


def locate(
    catalogue: Catalogue, mix: Source, *, warps: str = "speed", min_length_s: float = 3.0, partition: str = ""
) -> Answers:
    """What of the catalogue is heard in a long recording such as a DJ mix or a broadcast, in order of time.

    Raises AudioDecodeError, LimitError or InputError where it cannot be read.
    """
    check(warps in WARPS, "warps", warps, f"one of {', '.join(WARPS)}")
    peaks = asked_peaks(open_track(mix))
    return CataloguePrints(catalogue, partition).located(peaks, warps, min_length_s=min_length_s)


def asked_peaks(track: Track) -> Peaks:
    """The dense peaks of a query, which find more in noise; of a recording whose sound is not at hand, those kept.

    InputError for a score.
    """
    if track.recording.is_score:
        raise InputError(f"{track.recording.label} is a score, which has no recorded sound; search it by version")
    peaks: Peaks = landmarks(track["audio"], ASKED) if "audio" in track else track["peaks"]
    return peaks


def found_facts(found: Found) -> dict[str, Any]:
    """A find as JSON-able data; ``offset_s`` is where in the recording the query's 0 s would be."""
    return {"recording_id": found.track, **stretch_facts(found)}


def stretch_facts(found: Found) -> dict[str, Any]:
    """Where a find is, how it was changed, and how sure it is, without whose sound it is."""
    span = found.span
    return {
        "q_start": span.query_start_s,
        "q_end": span.query_end_s,
        "r_start": span.reference_start_s,
        "r_end": span.reference_end_s,
        "offset_s": span.reference_start_s - found.tempo * span.query_start_s,
        "speed": found.speed,
        "tempo": found.tempo,
        "pitch": found.pitch,
        "score": found.score,
        "hits": found.votes,
        "of": found.asked,
    }
