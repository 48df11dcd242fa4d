"""Axes of moments: what they keep of music, that they rotate with it, and that damaged ones are refused."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.embed.directory import FACTS
from versionmatch.embed.moment_axes import FREQUENCIES, MomentAxes
from versionmatch.errors import InputError, IntegrityError

torch = pytest.importorskip("torch")
DIM = 10


def moments(seed, n=40, dim=DIM):
    """Vectors ``(n, dim, 12)`` of length 1 without mean over the pitch classes; the later features are the weaker."""
    values = np.random.default_rng(seed).normal(size=(n, dim, 12)) * np.linspace(1, 0.1, dim)[:, None]
    values -= values.mean(axis=2, keepdims=True)
    return (values / np.linalg.norm(values, axis=(1, 2), keepdims=True)).astype(np.float32)


def along(axes, values):
    return axes.along(torch.from_numpy(np.ascontiguousarray(values))).numpy()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 11))
def test_rotated_moments_lie_along_the_axes_rotated(seed, semitones):
    axes, values = MomentAxes.of_music([moments(1)], 4), moments(seed, 5)
    rotated = along(axes, np.roll(values, semitones, axis=2))
    assert rotated == pytest.approx(np.roll(along(axes, values), semitones, axis=2), abs=1e-5)


def test_all_axes_together_lose_no_likeness():
    axes, values = MomentAxes.of_music([moments(1)], DIM), moments(2)
    found = along(axes, values)
    likeness = np.einsum("iap,jap->ij", values, values)
    assert np.einsum("iap,jap->ij", found, found) == pytest.approx(likeness, abs=1e-5)


def test_of_the_same_number_no_circular_map_keeps_more_of_the_music():
    music = moments(1)
    spectrum = np.fft.rfft(music, axis=2)[:, :, 1:]

    def kept(values):
        return (np.abs(np.einsum("idf,fda->iaf", spectrum, values.conj())) ** 2).sum(axis=(0, 1))

    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(FREQUENCIES, DIM, 4)) + 1j * rng.normal(size=(FREQUENCIES, DIM, 4))
    others = np.linalg.qr(drawn)[0]
    assert (kept(MomentAxes.of_music([music], 4).values) >= kept(others) - 1e-6).all()


def test_a_moment_of_nothing_stays_nothing():
    assert (along(MomentAxes.of_music([moments(1)], 4), np.zeros((2, DIM, 12), np.float32)) == 0).all()


def test_a_file_holds_them_bit_for_bit(tmp_path):
    axes = MomentAxes.of_music([moments(1)], 4)
    path = tmp_path / "moments.safetensors"
    path.write_bytes(axes.to_bytes())
    assert MomentAxes.read(path).values.tobytes() == axes.values.tobytes()
    path.write_bytes(axes.to_bytes()[:-9])
    with pytest.raises(IntegrityError, match=r"cannot be read.*get the model again"):
        MomentAxes.read(path)


def test_axes_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"shape \(6, dim, n\)"):
        MomentAxes(np.ones((7, 5, 3), np.complex64))


def test_a_model_with_other_axes_than_were_written_is_refused(tmp_path):
    from tests.embed.random_model import random_model
    from versionmatch.embed.directory import ModelDirectory
    from versionmatch.embed.loaded import VersionModel
    from versionmatch.embed.moment_features import moments as made

    directory = random_model(tmp_path)
    levels = np.random.default_rng(1).random((84, 100)).astype(np.float32)
    dim = directory.facts.dim
    assert made(VersionModel(str(directory.path)), levels).shape == (13, dim, 12)
    content = MomentAxes.of_music([moments(1, dim=dim)], 5).to_bytes()
    directory.moments.write_bytes(content)
    facts = replace(directory.facts, moments={"sha256": sha256(content).hexdigest()})
    (directory.path / FACTS).write_text(facts.to_toml())
    assert ModelDirectory.read(directory.path).facts == facts
    assert made(VersionModel(str(directory.path)), levels).shape == (13, 5, 12)
    directory.moments.write_bytes(content[:-1] + b"\x01")
    with pytest.raises(IntegrityError, match=r"moments.safetensors is missing or has not sha256"):
        ModelDirectory.read(directory.path).verify()
