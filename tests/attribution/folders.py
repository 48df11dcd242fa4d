"""A small trained model in a folder, with outputs and a panel as MIDI files."""

from versionmatch.attribution.reference.melodies import edited, tunes
from versionmatch.attribution.reference.notes import midi_of


def tunes_into(folder, some):
    folder.mkdir(parents=True, exist_ok=True)
    for tune in some:
        (folder / f"{tune.id}.mid").write_bytes(midi_of(tune.tokens))
    return folder


def attribution_folder(root, trained):
    """``model``, ``outputs`` (one made of tune-0003, six strangers), ``panel``."""
    trained.save(root / "model")
    strangers = tunes(36, seed=9, families=6, prefix="stranger")[30:]
    tunes_into(root / "outputs", [edited(trained.tunes[3], 0.2, id="edited"), *strangers])
    tunes_into(root / "panel", tunes(24, seed=9, families=6, prefix="panel"))
    return root
