"""What a result does not say, in words that go with it wherever it goes."""

from __future__ import annotations

ALWAYS = (
    "This ranks the {corpus_size:,} known items of a disclosed corpus by how much a model's loss of one output depends "
    "on them; what is not listed cannot appear. It is a measurement on the weights, with an error: no proof that music "
    "was taken over, no test of what a model was trained on, and no share of anything."
)


def limits(*, corpus_size: int, scored: int, gate: str, panel_size: int, moved: str) -> str:
    """The limits of a result, as one text.

    Parameters
    ----------
    corpus_size, scored, gate
        How many items there are, how many were scored, and how those were chosen.
    panel_size
        Pieces that owe the corpus nothing, 0 where there were none.
    moved
        What part of the network the method looked at, ``""`` for all.
    """
    sentences = [ALWAYS.format(corpus_size=corpus_size)]
    if scored < corpus_size:
        sentences.append(
            f"Only {scored:,} items were scored, chosen by {gate}; of the others nothing is known, which is not that "
            f"they had no influence."
        )
    if panel_size == 0:
        sentences.append("There was no panel: how pronounced rankings are by chance is not known here.")
    if moved:
        sentences.append(f"Only {moved} of the network were looked at.")
    return " ".join(sentences)
