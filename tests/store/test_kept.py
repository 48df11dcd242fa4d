"""A kept feature that is what was written and yet cannot be read is told as such, not as a defect."""

import hashlib

import pytest

from versionmatch.errors import IntegrityError
from versionmatch.store.artefacts import ArtefactStore
from versionmatch.store.kept import KeptFeatures
from versionmatch.store.rows import ArtefactRow


@pytest.mark.parametrize("content", [b"", b"of another version", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_what_this_version_cannot_read_is_an_integrity_error_with_the_remedy(tmp_path, content):
    store = ArtefactStore(tmp_path)
    path = store.path_of("ab12", "peaks", "s1")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    row = ArtefactRow("ab12", "peaks", "s1", hashlib.sha256(content).hexdigest(), len(content))
    kept = KeptFeatures(store, {("ab12", "peaks", "s1"): row})
    with pytest.raises(IntegrityError, match=r"ab12\.safetensors cannot be read by this version .*verify --repair"):
        kept.load("ab12", "peaks", "s1")
    assert kept.load("ab12", "peaks", "s2") is None
