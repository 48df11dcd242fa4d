import sys

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.errors import MissingExtra
from versionmatch.features.hpcp_essentia import EssentiaHPCP


def test_the_tones_of_a_chord_are_the_strongest_pitch_classes():
    pytest.importorskip("essentia")
    hpcp = EssentiaHPCP().extract({"audio": synth.chords(["D:maj"], timbre="flute")})
    assert set(np.argsort(hpcp.values.mean(axis=1))[-3:]) == {2, 6, 9}
    assert hpcp.frame_rate == 10.0


def test_silence_is_all_zero():
    pytest.importorskip("essentia")
    hpcp = EssentiaHPCP().extract({"audio": synth.melody([(60, 0, 1)], level=0.0)})
    assert not hpcp.values.any()


def test_without_essentia_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "essentia", None)
    with pytest.raises(MissingExtra, match=r"pip install 'versionmatch\[essentia\]'"):
        EssentiaHPCP().extract({"audio": synth.noise(1.0)})
