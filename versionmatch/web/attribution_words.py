"""What the page of an attribution says in words: verdicts, methods, what influence is and is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIGNS = {"ranked": "●", "weak": "◐", "unattributable": "○", "refused": "×"}
"""A sign for each verdict, so that colour is never needed to tell them apart."""

VERDICTS = {
    "ranked": "The ranking is more pronounced than those of pieces that owe the corpus nothing: its first items "
    "may be looked at.",
    "weak": "Something speaks against relying on the ranking: no panel, noise as large as the scores, or models "
    "that name other items.",
    "unattributable": "Pieces that owe the corpus nothing have rankings as pronounced. No item can be named; most "
    "outputs of most models are of this kind.",
    "refused": "The measurement itself did not work, and nothing follows from it.",
}

READING = (
    "Influence is measured on the model; the method card says how. Likeness is measured on the music. Neither is "
    "made of the other, and neither shows the other: what a model learned from an item need not sound like it, and "
    "what sounds alike may owe the item nothing.",
    "Scores are compared within one output only. Intervals are of 95 %, by Student’s t, over draws of noise or over "
    "models where there are several; they say how exactly a number was measured, not how true it is.",
)

METHODS = {
    "unlearn-ekfac": "The output is unlearned by one step of the weights along its gradient, divided by the "
    "curvature of the model's losses (EK-FAC), until its own loss has risen by a fixed share; then the items' "
    "losses are computed again under the noise they had before. What rises with the output was learned with it.",
    "unlearn-diag": "As unlearn-ekfac, with the diagonal of the Fisher information as the curvature.",
    "unlearn-bounded": "The output is unlearned in many small steps while a batch of other items is retained; then "
    "the items' losses are computed again under the noise they had before.",
    "group-unlearn": "Each rights holder's items are unlearned together, and the output's loss is looked at.",
    "ekfac-influence": "The gradients of output and item are multiplied through the inverse curvature (EK-FAC).",
    "trak": "Random sketches of the gradients of output and item are multiplied through the sketches' covariance.",
    "tracin": "Gradients of output and item are multiplied at several times of training.",
    "graddot": "Gradients of output and item are multiplied.",
    "gradcos": "Directions of the gradients of output and item are compared.",
    "hidden": "The model's own states of output and item are compared.",
    "embedding": "Vectors of output and item are compared, in which versions of one work lie near each other. It "
    "looks at no weights: this is likeness, not influence.",
    "ngram": "Shared figures of tokens, by their rarity. It looks at no weights: this is likeness, not influence.",
    "random": "Chance: what a ranking looks like where nothing is known.",
}

NOT_SAID = (
    "Nothing is said of music that is not listed in the corpus.",
    "A place in the ranking is no proof that music was taken over, and no test of what the model was trained on.",
    "No share of money follows from a score: how scores become shares is a policy, made elsewhere and stated there.",
    "Nothing was taken out of the model; unlearning here is a probe.",
    "An item that was not scored (see coverage) is not known to have no influence.",
)

RELATIONS = {
    "same recording": "same recording",
    "altered recording": "altered recording",
    "version": "version of one work",
    "related passage": "a passage in common",
    "unrelated": "no relation found",
    "undecided": "undecided",
}


def method_words(name: str) -> str:
    """What a method does."""
    return METHODS.get(name, "A method of another package; its documentation says what it does.")


def validation_words(validation: Mapping[str, Any] | None) -> tuple[str, str]:
    """Class and sentence: whether the self-tests of this model and method passed."""
    if validation is None:
        return "warn", (
            "The self-tests were not run for this model, corpus and method, so it has not been shown that its "
            "rankings may be used: run `versionmatch attribute validate`."
        )
    if validation["usable"]:
        return "lawline", "The self-tests of this model, corpus and method passed; they are listed below."
    reasons = "; ".join(validation["reasons"])
    return "warn", f"The self-tests did not pass ({reasons}): the rankings below are not to be used."


def p_words(p_value: float | None, panel: int) -> str:
    """A p beside a panel, in words.

    >>> p_words(0.04, 24)
    'p = .04 beside a panel of 24'
    """
    if p_value is None:
        return "no p: there is no panel of 24 pieces or more"
    return f"p = {f'{p_value:.2g}'.lstrip('0') or '0'} beside a panel of {panel}"
