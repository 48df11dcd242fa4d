"""Segments: the same bits each time, however a recording is cut up; turned with the key; zero in silence.

The weights are random: what is claimed here holds of the arithmetic, whatever the network has learned.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.embed.random_model import melody_levels, random_model  # noqa: E402
from versionmatch.embed import extractor, heard, loaded, moments  # noqa: E402
from versionmatch.embed.extractor import VersionSegments, segments_of  # noqa: E402
from versionmatch.embed.front import FrontEnd  # noqa: E402
from versionmatch.embed.keys import by_key  # noqa: E402
from versionmatch.embed.loaded import VersionModel  # noqa: E402
from versionmatch.embed.segmenting import pooled_whole, sounding, starts  # noqa: E402
from versionmatch.errors import InputError, IntegrityError, MissingExtra  # noqa: E402
from versionmatch.features.view import Track  # noqa: E402
from versionmatch.store import artefacts  # noqa: E402
from versionmatch.store.artefacts import ArtefactStore  # noqa: E402
from versionmatch.types import Features, Recording  # noqa: E402


@pytest.fixture(scope="module")
def versions(random_models):
    return VersionModel(str(random_models / "versions-v2"))


one = segments_of


def test_a_long_recording_in_parts_has_the_moments_of_the_whole(versions):
    levels = np.concatenate([melody_levels(1, 2501), 0.05 * melody_levels(2, 2600)], axis=1)  # loud, then soft
    with loaded.steady():
        heard = torch.from_numpy(levels[None])
        whole, parts = versions.net(heard), moments.moments_of(versions.net, heard)
        alone = torch.cat([versions.net(heard[..., :2048]), versions.net(heard[..., 2048:])], dim=1)
    assert parts.shape == whole.shape
    assert float((parts - whole).abs().max()) < 1e-5
    assert float((alone - whole).abs().max()) > 1e-3  # without its surroundings a part is heard otherwise


def test_the_same_levels_give_the_same_bits(versions):
    levels = melody_levels(1, 700)
    first, again = one(versions, levels), one(versions, levels.copy())
    assert np.array_equal(first.vectors, again.vectors)
    assert np.array_equal(first.whole, again.whole)


def test_maps_turned_by_a_fifth_give_vectors_turned_by_a_fifth(versions):
    levels = torch.from_numpy(melody_levels(1, 200)[None])
    with loaded.steady():
        net = versions.net.members[0]
        maps, weights = net.front(levels), sounding(levels)
        vectors = [pooled_whole(net, net.trunk(maps.roll(t, dims=0)), weights) for t in (0, 7)]
    assert float((vectors[1] - vectors[0].roll(7, dims=-1)).abs().max()) < 1e-5


@pytest.mark.parametrize("shift", [2, -3])
def test_a_song_two_semitones_up_has_nearly_the_same_vectors_turned(versions, shift):
    song, moved = (one(versions, melody_levels(1, 600, shift=s)) for s in (0, shift))
    stranger = one(versions, melody_levels(2, 600))
    keys = by_key(moved.vectors, song.vectors)
    here = np.arange(len(song))
    assert (keys[here, here].argmax(axis=1) == shift % 12).all()
    assert keys[here, here, shift % 12].min() > 0.8  # not 1: the five bands stay where they are
    assert by_key(moved.whole[None], song.whole[None]).max() > by_key(stranger.whole[None], song.whole[None]).max()


def test_over_the_twelve_keys_likeness_is_zero_in_the_mean(versions):
    song, other = (one(versions, melody_levels(seed, 300)) for seed in (1, 2))
    assert np.abs(by_key(song.vectors, other.vectors).mean(axis=2)).max() < 1e-5


def test_silence_is_zero_and_so_is_a_spectrum_in_which_nothing_stands_out(versions):
    for levels in (np.zeros((84, 150)), np.full((84, 150), 0.4)):
        silent = one(versions, levels.astype(np.float32))
        assert silent.silent.all()
        assert not silent.whole.any()


def test_silence_before_a_song_hardly_changes_its_vector(versions):
    song = melody_levels(1, 800)
    late = one(versions, np.concatenate([np.zeros((84, 800), np.float32), song], axis=1))
    assert late.silent[:8].all()
    assert late.ends_s[8] < 80 + 4.8
    assert float((late.whole * one(versions, song).whole).sum()) > 0.99  # not 1: what hears its beginning hears silence


@pytest.mark.parametrize("n_frames", [1, 15, 16, 40, 207, 208, 209, 256, 2403])
def test_segments_lie_inside_the_recording_however_short_it_is(versions, n_frames):
    found = one(versions, melody_levels(1, n_frames))
    duration_s = n_frames / 10
    assert found.ends_s[-1] <= duration_s + 1e-9
    assert len(found) == (1 if duration_s < 25.6 else 1 + int((duration_s - 20.8 + 1e-6) // 4.8))
    assert found.length_s == pytest.approx(min(20.8, duration_s))
    assert np.linalg.norm(found.whole) == pytest.approx(1.0, abs=1e-5)


def test_a_recording_of_one_segment_is_that_segment(versions):
    found = one(versions, melody_levels(1, 180))
    assert np.abs(found.vectors[0] - found.whole).max() < 1e-6


def test_what_is_left_at_the_end_is_less_than_a_hop_and_a_moment():
    for n_frames in range(208, 800):
        first, length = starts(n_frames, 13, 3)
        assert 0 <= n_frames - 16 * (first[-1] + length) < 16 * 4


def test_hours_need_little_more_memory_than_their_levels(versions):
    seen = []
    net = versions.net

    def note(_module, inputs, _output):
        seen.append(inputs[0].shape[-1])

    hooks = [module.register_forward_hook(note) for module in net.modules() if isinstance(module, FrontEnd)]
    try:
        with loaded.steady():
            moments.moments_of(net, torch.zeros(1, 84, 9000))
    finally:
        for hook in hooks:
            hook.remove()
    assert max(seen) <= moments.PART + 2 * moments.HALO
    assert len(seen) == -(-9000 // moments.PART) * len(hooks)


def test_settings_tell_models_apart(random_models):
    ours, other = (VersionSegments(str(random_models / name)).settings for name in ("versions-v2", "other"))
    assert ours["model"] == "versions-v2"
    assert len(ours["weights"]) == 64
    assert ours["weights"] != other["weights"]


def test_segments_are_kept_like_any_other_feature(tmp_path, random_models, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(random_models))
    cqt = Features("cqt", melody_levels(1, 600) ** 2, 10.0)
    store = ArtefactStore(tmp_path)
    made = Track(Recording("ab", "song", 60.0), {"cqt": cqt}, cache=store)["segments"]
    monkeypatch.setattr(extractor, "_segments", None)  # not made again
    kept = Track(Recording("ab", "song", 60.0), {"cqt": cqt}, cache=store)["segments"]
    assert np.array_equal(kept.vectors, made.vectors)
    assert np.array_equal(kept.whole, made.whole)
    assert (kept.length_s, kept.model_id, kept.settings) == (made.length_s, "versions-v2", made.settings)
    weights = VersionModel("versions-v2").facts.weights_sha256
    assert kept.model_digest == made.model_digest == weights


def test_segments_that_were_kept_without_a_digest_can_be_read(tmp_path, versions, monkeypatch):
    made = replace(one(versions, melody_levels(1, 150)), settings="s")
    parts = artefacts._parts

    def earlier(feature):
        tensors, metadata = parts(feature)
        fields = json.loads(metadata["fields"])
        del fields["model_digest"]
        return tensors, {"fields": json.dumps(fields)}

    monkeypatch.setattr(artefacts, "_parts", earlier)
    ArtefactStore(tmp_path).save("ab", "segments", "s", made)
    kept = ArtefactStore(tmp_path).load("ab", "segments", "s")
    assert np.array_equal(kept.vectors, made.vectors)
    assert kept.model_digest == ""
    kept.check_comparable(made)


def test_half_precision_would_lose_what_no_ranking_shows(versions):
    song, other = (one(versions, melody_levels(s, 600)) for s in (1, 2))
    exact = by_key(song.vectors, other.vectors)
    halved = by_key(*(s.vectors.astype(np.float16).astype(np.float32) for s in (song, other)))
    assert 0 < np.abs(halved - exact).max() < 2e-4


def test_the_callers_torch_is_left_as_it_was(random_models):
    loaded._loaded.cache_clear()
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    one(VersionModel(str(random_models / "versions-v2")), melody_levels(1, 100))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_the_callers_default_type_does_not_matter(random_models):
    model, levels = VersionModel(str(random_models / "versions-v2")), melody_levels(1, 100)
    wanted = one(model, levels).vectors
    loaded._loaded.cache_clear()
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(one(VersionModel(str(random_models / "versions-v2")), levels).vectors, wanted)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_network_is_loaded_once(random_models):
    path = str(random_models / "versions-v2")
    assert VersionModel(path).net is VersionModel(path).net


def test_changed_weights_are_refused(tmp_path):
    directory = random_model(tmp_path)
    content = bytearray(directory.weights.read_bytes())
    content[-1] ^= 1
    directory.weights.write_bytes(content)
    with pytest.raises(IntegrityError, match="get it again"):
        _ = VersionModel(str(directory.path)).net


def test_without_torch_the_extra_is_named(versions, monkeypatch):
    monkeypatch.setattr(heard, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"versions-v2.*pip install 'versionmatch\[torch\]'"):
        one(versions, melody_levels(1, 100))


def test_a_model_that_knows_no_keys_is_refused(random_models, tmp_path):
    text = (random_models / "versions-v2" / "model.toml").read_text()
    (tmp_path / "model.toml").write_text(text.replace("chroma-equivariant-2", "clews-1"))
    with pytest.raises(InputError, match="'clews-1', whose vectors cannot be turned"):
        VersionModel(str(tmp_path))


def test_an_unknown_model_is_named():
    with pytest.raises(InputError, match="no model 'verzions'"):
        _ = VersionSegments("verzions").settings
