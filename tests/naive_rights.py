"""Slow, plain twins of the rights: what is allowed, straight from the entries; a tree by its definition."""

import hashlib

WHOLE = 1_000_000


def naive_root(lines):
    """RFC 6962, 2.1, word by word."""
    if not lines:
        return hashlib.sha256(b"").digest()
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    k = 1
    while 2 * k < len(lines):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(lines[:k]) + naive_root(lines[k:])).digest()


def naive_allowed(entries, asset, scope, at, model_version="", territory=""):
    """Whether an asset may be used: each share is looked for by itself, in all entries."""
    last = {}
    for entry in entries:
        if entry.type in {"asset", "recording", "work"}:
            last[entry.type, entry.body["id"]] = entry.body
    if ("asset", asset) not in last:
        return False
    recording = last["asset", asset]["recording"]
    owners, works = last["recording", recording]["owners"], last["recording", recording]["works"]
    own = [("asset", asset), ("recording", recording)]
    parts = [("master", own, owners)]
    parts += [("publishing", [*own, ("work", w)], last["work", w]["shares"]) for w in works]
    if not works:
        return False
    for right, subjects, shares in parts:
        if sum(shares.values()) != WHOLE:
            return False
        grants = [e for e in entries if e.type == "grant" and e.body["right"] == right and scope in e.body["scopes"]]
        grants = [e for e in grants if naive_reach(entries, e) & set(subjects) and not over(entries, e.body, at)]
        if any(e.body["effect"] == "deny" and stands(e.body, scope, at, model_version, territory) for e in grants):
            return False
        yes = [e for e in grants if e.body["effect"] == "allow" and e.time <= at]
        yes = [e.body["grantor"] for e in yes if covers(e.body, scope, at, model_version, territory)]
        if not all(party in yes for party in shares):
            return False
    return True


def naive_reach(entries, grant):
    """What a grant is on: a catalogue as it was when the grant was entered, and catalogues in it."""
    subject = (grant.body["subject"]["kind"], grant.body["subject"]["id"])
    held = {}
    for entry in entries:
        if entry.seq >= grant.seq:
            break
        if entry.type == "catalogue":
            held[entry.body["id"]] = [(m["kind"], m["id"]) for m in entry.body["members"]]
    reached, seen, todo = set(), set(), [subject]
    while todo:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        if each[0] == "catalogue":
            todo += held[each[1]]
        else:
            reached.add(each)
    return reached


def over(entries, grant, at):
    ends = [e.body["effective"] for e in entries if e.type == "revocation" and e.body["grant"] == grant["id"]]
    return any(end <= at for end in [*ends, *([grant["end"]] if grant["end"] else [])])


def covers(grant, scope, at, model_version, territory):
    if grant["start"] > at:
        return False
    named = bool(model_version) and (model_version in grant["models"] or "*" in grant["models"])
    if scope in {"train", "generate"} and not named:
        return False
    if scope == "attribute" and grant["models"] and not named and "*" not in grant["models"]:
        return False
    return "world" in grant["territories"] or (territory != "" and territory in grant["territories"])


def stands(grant, scope, at, model_version, territory):
    if grant["start"] > at:
        return False
    by_model = scope in {"train", "generate", "attribute"}
    if by_model and model_version and grant["models"] and not {model_version, "*"} & set(grant["models"]):
        return False
    anywhere = territory in {"", "world"} or "world" in grant["territories"]
    return anywhere or territory in grant["territories"]
