"""Converted checkpoints as encoders: the published windows and inputs, the same bits each time, honest refusals.

The weights are random: what is claimed here holds of the arithmetic. Inputs are held against the facts of the papers.
"""

import functools

import numpy as np
import pytest
from sklearn.base import clone

torch = pytest.importorskip("torch")

import versionmatch as vm  # noqa: E402
from tests.embed.published_examples import SMALL, network, state  # noqa: E402
from tests.embed.test_published import coverhunter_c, dvinet_plus, mirex  # noqa: E402
from versionmatch.embed import published_encoder  # noqa: E402
from versionmatch.embed.convert import convert  # noqa: E402
from versionmatch.embed.encoder import VersionEncoder, find_encoder  # noqa: E402
from versionmatch.embed.keyless import likeness, table, whole_of  # noqa: E402
from versionmatch.embed.located import locate  # noqa: E402
from versionmatch.embed.published import recipe, vinet  # noqa: E402
from versionmatch.embed.published_encoder import PublishedEncoder  # noqa: E402
from versionmatch.embed.reduce import best_pairs  # noqa: E402
from versionmatch.errors import FeatureMismatch, InputError, IntegrityError, MissingExtra  # noqa: E402
from versionmatch.match.cues.embedding import EmbeddingCue  # noqa: E402
from versionmatch.plugins import Encoder  # noqa: E402
from versionmatch.testing import check_encoder  # noqa: E402
from versionmatch.types import Audio, Features, KeylessSegments  # noqa: E402

SOUND = ("clews-1", "fish-1", "discogs-vinet-1", "coverhunter-1")
PCP_RATE = 44100 / 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A converted model of each architecture, named after it."""
    folder = tmp_path_factory.mktemp("published")
    for architecture in SMALL:
        torch.save(state(architecture), folder / "theirs.pt")
        convert(folder / "theirs.pt", folder, model_id=architecture)
    return folder


@pytest.fixture
def encoders(folder, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(folder))
    return {architecture: PublishedEncoder(architecture) for architecture in SMALL}


@functools.cache
def song(seconds=27.0, sr=16000, seed=440):
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * sr)) / sr
    tones = sum(np.sin(2 * np.pi * f * time_s) * (time_s % (1 + i) < 0.7) for i, f in enumerate((110, 261.6, 392)))
    return Audio((0.2 * tones + 0.01 * rng.standard_normal(time_s.size)).astype(np.float32), sr)


def profile(n_frames=4000, seed=440):
    return Features("pcp", np.random.default_rng(seed).random((12, n_frames)), PCP_RATE)


def inputs(encoder, item):
    return list(recipe.RECIPES[encoder.facts.architecture].inputs(encoder.prepared(item), encoder.facts))


def item_of(architecture, seed=440):
    return profile(seed=seed) if architecture == "move-1" else song(seed=seed)


@pytest.mark.parametrize("architecture", SMALL)
def test_vectors_are_those_of_the_network_on_its_inputs(encoders, architecture):
    encoder = encoders[architecture]
    found = encoder.encode(item_of(architecture))
    assert isinstance(encoder, Encoder)
    assert (found.model_id, found.model_digest) == (architecture, encoder.facts.weights_sha256)
    assert found.dim == encoder.dim == SMALL[architecture]["dim"]
    cut = inputs(encoder, item_of(architecture))
    alone = torch.cat([network(architecture)(values) for _, _, values in cut])
    assert np.abs(found.vectors - alone.numpy()).max() <= 1e-5 * np.abs(found.vectors).max()
    assert found.starts_s.tolist() == [start for start, _, _ in cut]


@pytest.mark.parametrize("architecture", SOUND)
def test_each_that_reads_sound_conforms(encoders, architecture):
    check_encoder(encoders[architecture])


@pytest.mark.parametrize("architecture", ["clews-1", "fish-1"])
def test_windows_of_20_seconds_start_every_5_and_the_last_is_filled_up(encoders, architecture):
    found = encoders[architecture].encode(song(27.0))
    assert found.starts_s.tolist() == [0, 5, 10]
    assert found.ends_s.tolist() == [20, 25, 27]
    assert encoders[architecture].encode(song(20.0)).ends_s.tolist() == [20]


@pytest.mark.parametrize(("seconds", "n"), [(1, 1), (20, 1), (20.1, 2), (25, 2), (240, 45), (600, 117)])
def test_there_are_as_many_windows_as_cover_the_recording(seconds, n):
    assert len(recipe.starts_of(int(seconds * 16000), 320_000, 80_000)) == n


def test_clews_hears_the_recording_again_after_its_end_and_the_unified_model_silence(encoders):
    sound = song(27.0).samples
    last = inputs(encoders["clews-1"], song(27.0))[-1][2][0].numpy()
    assert np.array_equal(last, np.concatenate([sound[160_000:], sound[: 3 * 16000]]))
    short = inputs(encoders["clews-1"], song(7.0))[0][2][0].numpy()
    assert np.array_equal(short, np.resize(song(7.0).samples, 320_000))
    silent = inputs(encoders["fish-1"], song(27.0))[-1][2][0].numpy()
    assert np.array_equal(silent[: 17 * 16000], sound[160_000:])
    assert not silent[17 * 16000 :].any()


def test_sound_beyond_full_scale_is_brought_to_it_and_softer_sound_is_left(encoders):
    loud = Audio(4 * song().samples, 16000)
    assert max(float(v.abs().max()) for _, _, v in inputs(encoders["clews-1"], loud)) == pytest.approx(1.0)
    assert np.array_equal(inputs(encoders["clews-1"], song())[0][2][0].numpy(), song().samples[:320_000])


def test_vinet_hears_the_librosa_transform_of_its_first_frames(encoders):
    import librosa

    sound = song(30.0, 22050)
    transform = np.abs(librosa.cqt(sound.samples, sr=22050, hop_length=512, n_bins=84))
    ((start_s, end_s, values),) = inputs(encoders["discogs-vinet-1"], sound)
    wanted = vinet.prepare(torch.tensor(transform), 8000)
    assert values.shape == (1, 84, 400)
    assert float((values - wanted).abs().max()) < 1e-5
    assert (start_s, end_s) == (0.0, pytest.approx(30.0, abs=0.03))


@pytest.mark.parametrize(("published", "frames"), [(str, 8000), (mirex, 7600)])
def test_what_lies_beyond_the_frames_of_vinet_is_not_heard(tmp_path, published, frames):
    torch.save({published(name): v for name, v in state("discogs-vinet-1").items()}, tmp_path / "theirs.pt")
    encoder = PublishedEncoder(str(convert(tmp_path / "theirs.pt", tmp_path)[0].path))
    values = np.random.default_rng(440).random((84, 9000)).astype(np.float32)
    found = encoder.encode(Features("cqt", values, 22050 / 512))
    assert found.ends_s.tolist() == [pytest.approx(frames * 512 / 22050)]
    assert np.array_equal(found.vectors, encoder.encode(Features("cqt", values[:, :frames], 22050 / 512)).vectors)
    other = encoder.encode(Features("cqt", values[:, : frames - 20], 22050 / 512))
    assert not np.array_equal(found.vectors, other.vectors)


def test_coverhunter_hears_chunks_of_135_seconds(encoders):
    values = np.random.default_rng(440).random((96, 3400)).astype(np.float32)
    found = encoders["coverhunter-1"].encode(Features("cqt", values, 25.0))
    assert found.starts_s.tolist() == [0, 135]
    assert found.ends_s.tolist() == [135, 136]
    assert np.linalg.norm(found.whole) == pytest.approx(1.0)


def test_move_hears_the_whole_profile_and_does_not_mind_the_key(encoders):
    found = encoders["move-1"].encode(profile())
    assert found.ends_s.tolist() == [pytest.approx(4000 / PCP_RATE)]
    turned = Features("pcp", np.roll(profile().values, 5, axis=0), PCP_RATE)
    assert encoders["move-1"].encode({"pcp": turned}).vectors == pytest.approx(found.vectors, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("architecture", SMALL)
def test_the_same_recording_has_the_same_bits_and_another_has_others(encoders, architecture):
    threads, random = torch.get_num_threads(), torch.random.get_rng_state()
    first, again = (encoders[architecture].encode(item_of(architecture)) for _ in range(2))
    published_encoder._loaded.cache_clear()
    fresh = encoders[architecture].encode(item_of(architecture))
    for found in (again, fresh):
        assert np.array_equal(found.vectors, first.vectors)
        assert np.array_equal(found.whole, first.whole)
    assert not np.array_equal(encoders[architecture].encode(item_of(architecture, seed=1)).vectors, first.vectors)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), random)


@pytest.mark.parametrize("architecture", ["clews-1", "discogs-vinet-1"])
def test_one_sound_has_one_vector_however_it_is_given(encoders, architecture, tmp_path):
    import soundfile

    sound, encoder = song(), encoders[architecture]
    soundfile.write(tmp_path / "song.wav", sound.samples, sound.sr, subtype="FLOAT")
    items = [tmp_path / "song.wav", str(tmp_path / "song.wav"), (sound.samples, sound.sr), sound, {"audio": sound}]
    found = [encoder.encode(item) for item in items]
    assert all(np.array_equal(f.vectors, found[0].vectors) for f in found)


def test_the_encoder_of_a_model_is_found_by_its_architecture(folder, random_models):
    found = find_encoder(str(folder / "clews-1"))
    assert isinstance(found, PublishedEncoder)
    assert (found.model_id, found.segment_s, found.measure) == ("clews-1", 20.0, "mean-square")
    assert isinstance(find_encoder(str(random_models / "versions-v2")), VersionEncoder)
    with pytest.raises(InputError, match="no model 'clew'"):
        find_encoder("clew")
    with pytest.raises(InputError, match=r"'versions-v2' is of .*'chroma-equivariant-2', none of the published ones"):
        _ = PublishedEncoder(str(random_models / "versions-v2")).facts


@pytest.mark.parametrize(
    ("architecture", "published", "what"),
    [("discogs-vinet-1", dvinet_plus, "DVINet+"), ("coverhunter-1", coverhunter_c, "CoverHunterC")],
)
def test_a_model_whose_input_is_not_known_is_no_encoder(tmp_path, architecture, published, what):
    torch.save({published(name): v for name, v in state(architecture).items()}, tmp_path / "theirs.pt")
    model, _ = convert(tmp_path / "theirs.pt", tmp_path, model_id="theirs")
    with pytest.raises(InputError, match=r"the model 'theirs' has the layout of .* is not known here.*make its input"):
        PublishedEncoder(str(model.path)).encode(song())


@pytest.mark.parametrize(
    ("architecture", "item", "message"),
    [
        (
            "clews-1",
            Features("cqt", np.ones((84, 9)), 50.0),
            r"'clews-1' \(clews-1\) reads sound; got Features of 'cqt'",
        ),
        ("clews-1", 3.5, "a float stands for no recording"),
        ("clews-1", {"cqt": None}, "the sound of the track is not at hand"),
        (
            "discogs-vinet-1",
            Features("cqt", np.ones((84, 9)), 50.0),
            r"reads a 'cqt' of 84 bins at 43\.07 frames a second; got 'cqt' of 84 at 50\.00; give the sound",
        ),
        ("coverhunter-1", Features("cqt", np.ones((84, 9)), 25.0), r"'cqt' of 96 bins at 25\.00 .*got 'cqt' of 84"),
        ("move-1", song(), r"reads pitch-class profiles of crema.*got a Audio without them; give Features: a 'pcp'"),
        ("move-1", {"audio": song()}, "got a dict without them"),
        ("move-1", Features("chroma", np.ones((12, 9)), 10.0), r"got 'chroma' of 12 at 10\.00; make it at hop 512"),
        ("move-1", Features("pcp", np.ones((12, 2552)), PCP_RATE), r"needs 320 frames \(30 s\) or more; got 319"),
    ],
)
def test_what_a_model_cannot_read_is_said_with_the_remedy(encoders, architecture, item, message):
    with pytest.raises(InputError, match=message):
        encoders[architecture].encode(item)


def test_changed_weights_and_a_missing_torch_are_said(tmp_path, monkeypatch):
    torch.save(state("move-1"), tmp_path / "theirs.pt")
    model, _ = convert(tmp_path / "theirs.pt", tmp_path)
    encoder = PublishedEncoder(str(model.path))
    with monkeypatch.context() as patch:
        patch.setattr(published_encoder, "find_spec", lambda _: None)
        with pytest.raises(MissingExtra, match=r"move-1-theirs.*versionmatch\[torch\]"):
            encoder.encode(profile())
    model.weights.write_bytes(model.weights.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match="get it again"):
        encoder.encode(profile())


def test_likeness_is_the_cosine_or_minus_the_mean_square():
    rng = np.random.default_rng(440)
    a, b = rng.standard_normal((300, 7)), rng.standard_normal((5, 7))
    slow = np.array([[-np.mean((x - y) ** 2) for y in b] for x in a])
    assert likeness(a, b, "mean-square") == pytest.approx(slow, abs=1e-6)
    slow = np.array([[x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in b] for x in a])
    assert likeness(a, b, "cosine") == pytest.approx(slow, abs=1e-6)
    assert likeness(np.zeros((1, 7)), b, "cosine").tolist() == [[0.0] * 5]
    assert (likeness(a, a, "mean-square").max(axis=1) == likeness(a, a, "mean-square").diagonal()).all()
    with pytest.raises(InputError, match=r"equally many numbers.*got \(300, 7\), \(5, 6\)"):
        likeness(a, b[:, 1:], "cosine")
    with pytest.raises(InputError, match="measure = 'dot'; it must be"):
        likeness(a, b, "dot")


def test_two_tracks_are_compared_window_by_window_as_clews_does(encoders):
    a, b = (encoders["clews-1"].encode(song(seed=seed)) for seed in (440, 1))
    distances = np.square(a.vectors[:, None].astype(float) - b.vectors[None]).sum(axis=2) / a.dim
    assert table(a, b) == pytest.approx(-distances, rel=1e-4, abs=1e-6)
    assert best_pairs(10)(table(a, a)) == pytest.approx(0.0, abs=1e-6)
    assert best_pairs(10)(table(a, b)) < -1e-6


def test_the_whole_of_several_windows_is_their_mean():
    rows = np.array([[3.0, 0.0], [0.0, 1.0]])
    assert whole_of(rows, "mean-square").tolist() == [1.5, 0.5]
    assert whole_of(rows, "cosine") == pytest.approx(np.full(2, 0.5**0.5))
    assert whole_of(rows[:1], "mean-square").tolist() == [3.0, 0.0]


def test_vectors_of_two_models_or_of_other_weights_are_not_compared(encoders):
    ours = encoders["move-1"].encode(profile())
    fields = (ours.vectors, ours.starts_s, ours.ends_s, ours.whole)
    with pytest.raises(FeatureMismatch, match="model_id of the segments differs: 'move-1' against 'another'"):
        table(ours, KeylessSegments(*fields, "another", measure=ours.measure))
    with pytest.raises(FeatureMismatch, match="the weights of 'move-1' differ"):
        table(ours, KeylessSegments(*fields, "move-1", "0" * 64, ours.measure))
    table(ours, KeylessSegments(*fields, "move-1", "", ours.measure))


def test_where_keys_are_asked_for_vectors_without_them_are_refused(encoders):
    found = encoders["move-1"].encode(profile())
    message = r"vectors of the model 'move-1', \(5,\) each, have no axis of keys.*use a model of 'chroma-equivariant-2'"
    with pytest.raises(InputError, match=message):
        EmbeddingCue().compare({"segments": found}, {"segments": found})
    with pytest.raises(InputError, match=message):
        EmbeddingCue().sketch({"segments": found})
    with pytest.raises(InputError, match=message):
        locate(found, found)


@pytest.fixture
def embedder(folder):
    return vm.VersionEmbedder(str(folder / "clews-1"))


def test_rows_for_scikit_learn_are_the_vectors(embedder, encoders):
    items = [song(), song(seed=1), song(7.0)]
    wanted = [encoders["clews-1"].encode(item) for item in items]
    rows = embedder.encode(items)
    assert rows.shape == (3, embedder.n_features_out) == (3, 12)
    assert np.array_equal(rows, np.stack([w.whole for w in wanted]))
    windows = clone(embedder).set_params(output="segments")
    assert np.array_equal(windows.transform(items), np.concatenate([w.vectors for w in wanted]))
    assert windows.owners_.tolist() == [0, 0, 0, 1, 1, 1, 2]
    assert np.array_equal(embedder.encode(embedder.segments(items)), rows)  # need not be made again
    assert embedder.get_feature_names_out()[:2].tolist() == ["f0", "f1"]


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_rows_do_not_depend_on_the_batch(embedder, batch_size):
    items = [song(3.0 + i, seed=i) for i in range(5)]
    assert np.array_equal(clone(embedder).set_params(batch_size=batch_size).encode(items), embedder.encode(items))


def test_similarity_is_by_the_models_measure_and_keys_are_refused(embedder, folder):
    rows = embedder.encode([song(), song(seed=1)])
    assert np.array_equal(embedder.similarity(rows, rows), likeness(rows, rows, "mean-square"))
    cosine = vm.VersionEmbedder(str(folder / "fish-1"))
    rows = cosine.encode([song(), song(seed=1)])
    assert cosine.similarity(rows, rows) == pytest.approx(rows @ rows.T, abs=1e-6)
    for ask in (embedder.keys, embedder.by_key):
        with pytest.raises(
            InputError, match=r"'clews-1' \(clews-1\) makes vectors without an axis of keys; ask for sim"
        ):
            ask(rows, rows)


def test_an_item_that_is_too_short_is_left_out_and_recorded(folder):
    embedder = vm.VersionEmbedder(str(folder / "move-1"), on_error="skip")
    items = [profile(), profile(100), song(), profile(seed=1)]
    assert embedder.encode(items).shape == (2, 5)
    assert embedder.owners_.tolist() == [0, 3]
    assert [s.index for s in embedder.skipped_] == [1, 2]
    assert "needs 320 frames" in embedder.skipped_[0].error
    with pytest.raises(InputError, match=r"item 0 \(a Features\): move-1 needs 320 frames"):
        vm.VersionEmbedder(str(folder / "move-1")).encode([profile(100)])


def test_segments_of_another_model_are_refused_as_items(embedder, encoders):
    foreign = encoders["move-1"].encode(profile())
    with pytest.raises(InputError, match="of the model 'move-1', not 'clews-1'"):
        embedder.encode([foreign])
