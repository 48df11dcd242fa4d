"""Documents of an attribution as its page is handed them: one output ranked, one not, one refused."""

SHA = "a1b2c3d4" * 8
LIMITS = "This ranks the 4 known items of a disclosed corpus; what is not listed cannot appear."
CORPUS = [
    {"id": "t1", "holder": "Ann & Co", "title": "Air <1>"},
    {"id": "t2", "holder": "Ann & Co", "title": "Reel"},
    {"id": "t3", "holder": "Bob"},
    {"id": "t4", "holder": "Bob"},
]


def item(number, score, likeness, **more):
    holder = CORPUS[number - 1]["holder"]
    usual = {"z": 2.0, "standard_error": 0.01, "spread": None, "evidence": ""}
    return {"item": f"t{number}", "holder": holder, "score": score, "likeness": likeness, **usual, **more}


def row(query, verdict, *items, p=0.04, **more):
    likeness = {i["item"]: i["likeness"] for i in items}
    alike = sorted(items, key=lambda i: -i["likeness"])
    return {
        "query": query, "method": "unlearn-ekfac", "settings": {"draws": 8}, "unit": "nats per token",
        "items": list(items), "verdict": verdict, "reasons": [f"because it is {verdict}"], "p_value": p,
        "scored": 4, "corpus_size": 4, "gate": "all", "coverage": "scored 4 of 4, gate = all", "limits": LIMITS,
        "moments": {}, "facts": {}, "likeness_method": "melodic identity", "seed": 440, "panel_size": 24, "models": 1,
        "sign": "positive: without the item, the loss of the output should be higher", "scores": None,
        "likeness": likeness, "points": [[i["score"], i["likeness"]] for i in items],
        "most_alike": [{"item": i["item"], "likeness": i["likeness"], "score": i["score"]} for i in alike],
        "pairs": [pair("t1"), {"item": "t3", "error": "there is no music of 't3' to compare"}], **more,
    }  # fmt: skip


def pair(name):
    notes = [[0.0, 0.5, 60], [0.5, 0.5, 62], [1.0, 1.0, 64]]
    return {
        "item": name, "relation": "version", "probability": 0.91, "melodic_identity_percent": 81.2,
        "notes_in_common": 2, "elements": {}, "passages": [], "page": f"evidence/x--{name}.html",
        "notes": {"output": notes, "item": notes, "shared": [[0, 0], [1, 1]]},
    }  # fmt: skip


def documents():
    """``run.json`` and the results of ``results.json``."""
    first = row("made-1", "ranked", item(1, 0.2, 0.3), item(2, 0.1, 0.9), item(3, -0.05, 0.2), item(4, -0.06, 0.1))
    second = row("made-2", "unattributable", item(4, 0.02, 0.1), item(3, 0.01, 0.2), p=0.5)
    third = row("made-3", "refused", item(4, 0.0, 0.1), item(3, 0.0, 0.2), p=None, pairs=[])
    facts = {
        "id": "0123456789abcdef", "versionmatch": "0.1", "code_sha256": SHA, "results_sha256": SHA,
        "models": [{"name": "reference-transformer:model=m", "weights_sha256": SHA}], "registered": None,
        "corpus": {"name": "tunes", "sha256": SHA, "items": 4, "holders": 2, "contents": "sha256 of each item"},
        "method": {"name": "unlearn-ekfac", "settings": {"rise": 0.15}, "unit": "loss"}, "validation": None,
        "outputs": {"made-1": {"path": "x", "sha256": SHA}}, "versions": {"python": "3.11"},
    }  # fmt: skip
    return facts, [first, second, third]


VALIDATION = {
    "usable": True,
    "reasons": [],
    "checks": [
        {
            "name": "weights put back",
            "state": "passed",
            "found": "bit for bit",
            "demand": "bit for bit",
            "about": "why",
        },
        {"name": "strangers", "state": "not made", "found": "none", "demand": "seldom", "about": "why"},
        {"name": "self-influence", "state": "shown", "found": "all", "demand": "shown only", "about": "why"},
    ],
}
RETRAINED = {
    "left_out": 24, "unit": "nats per token", "seeds": 4,
    "groups": [
        {"name": "ranked, made by the model", "pieces": 2, "rise": 0.25, "interval": [0.04, 0.46], "by_seed": [0.2]},
        {"name": "the panel", "pieces": 32, "rise": -0.01, "interval": [-0.04, 0.02], "by_seed": [-0.02, 0.0]},
    ],
}  # fmt: skip
