"""The corpus in other houses' words: Croissant, PROV, ODRL, TDMRep, and the summary that the EU's AI Act asks for.

Every number and every row names the entries of the log that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..audit.note import Checkpoint
from ..errors import InputError
from .allowed import allowed
from .manifest import Manifest
from .odrl import offers, reservations
from .state import State

ASSERTED = (
    "Grants are somebody's word, with the sha256 of their terms; flags of reservation are signals. The log shows that "
    "nothing was changed since it was entered, not that it is true."
)
CROISSANT_CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
    "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
    "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform", "odrl": "http://www.w3.org/ns/odrl/2/",
}  # fmt: skip
CROISSANT = "http://mlcommons.org/croissant/1.1"
FIELDS = ("asset", "recording", "isrc", "sha256", "grants", "entries")


def exported(state: State, form: str, manifest: Manifest | None, checkpoint: Checkpoint, *, at: str) -> Any:
    """The document in that form; ``manifest`` is the frozen corpus that is meant, where it must be one."""
    forms: dict[str, Callable[[], Any]] = {
        "croissant": lambda: croissant(state, _given(manifest), checkpoint),
        "prov": lambda: prov(state, checkpoint),
        "odrl": lambda: offers(state),
        "tdm": lambda: reservations(state),
        "eu-summary": lambda: eu_summary(state, _given(manifest), checkpoint, at),
    }
    if form not in forms:
        raise InputError(f"there is no form {form!r}; there are: {', '.join(forms)}")
    return forms[form]()


def _given(manifest: Manifest | None) -> Manifest:
    if manifest is None:
        raise InputError("name the frozen corpus that is meant: --manifest ROOT")
    return manifest


def _entries(state: State, asset: str, grants: tuple[str, ...]) -> list[int]:
    recording = state.assets[asset]["recording"]
    found = {state.seqs["asset", asset], state.seqs["recording", recording]}
    found |= {state.seqs["work", w] for w in state.recordings[recording]["works"]}
    return sorted(found | {state.seqs["grant", g] for g in grants})


def croissant(state: State, manifest: Manifest, checkpoint: Checkpoint) -> dict[str, Any]:
    """A frozen corpus as a Croissant 1.1 description; its policies are ODRL.

    References
    ----------
    .. [1] MLCommons, "Croissant Format Specification", 1.1, 2025.
    """
    name = f"corpus-{manifest.root[:12]}"
    rows = []
    for asset, grants in manifest.pairs:
        body = state.assets[asset]
        isrc = state.recordings[body["recording"]]["isrc"]
        entries = " ".join(map(str, _entries(state, asset, grants)))
        values = (asset, body["recording"], isrc, body["sha256"], " ".join(grants), entries)
        rows.append({f"assets/{field}": value for field, value in zip(FIELDS, values, strict=True)})
    fields = [
        {"@type": "cr:Field", "@id": f"assets/{f}", "name": f, "description": f, "dataType": "sc:Text"} for f in FIELDS
    ]
    named = {grant for _, grants in manifest.pairs for grant in grants}
    return {
        "@context": CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CROISSANT,
        "name": name,
        "description": f"{len(rows)} assets frozen for scope {manifest.scope}. {ASSERTED}",
        "url": f"urn:versionmatch:corpus:{manifest.root}",
        "license": "see usageInfo",
        "version": "1.0.0",
        "datePublished": manifest.frozen_at,
        "citeAs": f"{checkpoint.short}; manifest {manifest.root}",
        "creator": {"@type": "sc:Organization", "name": checkpoint.origin},
        "isAccessibleForFree": False,
        "usageInfo": [_offer(o) for o in offers(state) if o["uid"].rpartition("grant:")[2] in named],
        "distribution": [],
        "recordSet": [
            {
                "@type": "cr:RecordSet", "@id": "assets", "name": "assets", "key": {"@id": "assets/asset"},
                "description": "Assets, and the entries of the log that permit them.", "field": fields, "data": rows,
            }
        ],
    }  # fmt: skip


def _offer(policy: Any) -> Any:
    """A policy whose words are ODRL's under Croissant's context, as an offer; nothing has to be fetched to read it."""
    if isinstance(policy, list):
        return [_offer(each) for each in policy]
    if not isinstance(policy, dict):
        return policy
    own = {k if ":" in k else f"odrl:{k}": _offer(v) for k, v in policy.items() if not k.startswith("@")}
    return {"@type": "odrl:Offer", **own} if "@type" in policy else own


def prov(state: State, checkpoint: Checkpoint) -> dict[str, Any]:
    """Where everything comes from, as PROV-JSON: assets, grants, frozen corpora, models, runs, statements.

    References
    ----------
    .. [1] Huynh et al., "The PROV-JSON Serialization", W3C member submission, 2013.
    """
    doc: dict[str, dict[str, Any]] = {
        "prefix": {"vm": "urn:versionmatch:rights:"}, "entity": {}, "activity": {}, "agent": {}, "used": {},
        "wasGeneratedBy": {}, "wasDerivedFrom": {}, "wasAttributedTo": {}, "hadMember": {},
    }  # fmt: skip
    entity = doc["entity"]

    def link(kind: str, **ends: str) -> None:
        doc[kind][f"_:{kind}{len(doc[kind])}"] = {f"prov:{name}": value for name, value in ends.items()}

    entity["vm:log"] = {"vm:checkpoint": checkpoint.short, "vm:note": ASSERTED}
    for party in sorted(state.parties):
        doc["agent"][_id("party", party)] = {"vm:entry": state.seqs["party", party]}
    for asset, body in sorted(state.assets.items()):
        entity[_id("asset", asset)] = {"vm:entry": state.seqs["asset", asset], "vm:sha256": body["sha256"]}
        for party in sorted(state.recordings[body["recording"]]["owners"]):
            link("wasAttributedTo", entity=_id("asset", asset), agent=_id("party", party))
    for name, grant in sorted(state.grants.items()):
        entity[_id("grant", name)] = {"vm:entry": grant.seq, "vm:right": grant.right, "vm:effect": grant.effect}
        link("wasAttributedTo", entity=_id("grant", name), agent=_id("party", grant.grantor))
    for root, frozen in sorted(state.manifests.items()):
        entity[_id("manifest", root)] = {"prov:type": "prov:Collection", "vm:entry": state.seqs["manifest", root],
                                         "vm:size": frozen["size"]}  # fmt: skip
    for name, model in sorted(state.models.items()):
        entity[_id("model", name)] = {"vm:entry": state.seqs["model", name], "vm:version": model["version"]}
        ends = {"generatedEntity": _id("model", name), "usedEntity": _id("manifest", model["manifest"])}
        link("wasDerivedFrom", **ends)
    for name, run in sorted(state.runs.items()):
        doc["activity"][_id("run", name)] = {"vm:entry": state.seqs["run", name], "vm:self-test": run["self_test"]}
        if run["model"]:
            link("used", activity=_id("run", name), entity=_id("model", run["model"]))
    for name, made in sorted(state.statements.items()):
        entity[_id("statement", name)] = {"vm:entry": state.seqs["statement", name], "vm:sha256": made["sha256"]}
        if made["run"]:
            link("wasGeneratedBy", entity=_id("statement", name), activity=_id("run", made["run"]))
    return {kind: found for kind, found in doc.items() if found}


def _id(kind: str, name: str) -> str:
    return f"vm:{kind}/{name}"


def eu_summary(state: State, manifest: Manifest, checkpoint: Checkpoint, at: str) -> dict[str, Any]:
    """What the log knows for the public summary of training content under Art. 53(1)(d) of the EU's AI Act.

    The template's three sections, as of 24 July 2025. What the log does not know is said to be unknown: it is for the
    provider to fill in. Counts name their entries.
    """
    models = {name: body for name, body in state.models.items() if body["manifest"] == manifest.root}
    assets = [asset for asset, _ in manifest.pairs]
    grants = sorted({g for _, some in manifest.pairs for g in some})
    holders = sorted({state.grants[g].grantor for g in grants})
    unmet = [a for a in assets if not _still(state, a, manifest, at)]
    unknown = "not known to this log; to be filled in by the provider"
    return {
        "1. General information": {
            "provider": checkpoint.origin,
            "models": {
                name: {"version": body["version"], "entries": [state.seqs["model", name]]}
                for name, body in models.items()
            },
            "modality": "audio (music)",
            "size of the training data": _count(len(assets), [state.seqs["manifest", manifest.root]]),
            "date of the corpus": manifest.frozen_at,
        },
        "2. List of data sources": {
            "publicly available datasets": unknown,
            "licensed by rights holders": {
                "assets": _count(len(assets), sorted(state.seqs["asset", a] for a in assets)),
                "grants": _count(len(grants), sorted(state.seqs["grant", g] for g in grants)),
                "rights holders": _count(len(holders), sorted(state.seqs["party", p] for p in holders)),
            },
            "scraped from the internet": unknown,
            "user data": unknown,
            "synthetic data": unknown,
        },
        "3. Data processing aspects": {
            "measures to respect reservations of rights": (
                "Nothing is used without live grants of master and publishing that cover all shares; a reservation is "
                "a no unless such a grant says otherwise."
            ),
            "reservations recorded": _count(
                len(state.reserved), sorted({n for (k, _), n in state.seqs.items() if k == "reservation"})
            ),
            "withdrawn since": _count(len(unmet), _ends(state, manifest, unmet)),
            "removal of illegal content": unknown,
        },
        "log": checkpoint.short,
        "note": ASSERTED,
    }


def _still(state: State, asset: str, manifest: Manifest, at: str) -> bool:
    asked: Mapping[str, str] = {"model_version": manifest.model_version, "territory": manifest.territory}
    return bool(allowed(state, asset, manifest.scope, at, **asked))


def _ends(state: State, manifest: Manifest, assets: list[str]) -> list[int]:
    grants = {g for asset, some in manifest.pairs if asset in assets for g in some}
    return sorted(seq for g in grants for seq in state.revoked_by.get(g, ()))


def _count(value: int, entries: list[int]) -> dict[str, Any]:
    return {"value": value, "entries": entries}
