"""What is named on the command line: models and methods by their words, corpora by manifests, tunes by files."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.attribution.opening import Choice, open_method, open_model
from versionmatch.attribution.reference.melodies import HIGHEST, LENGTH, LOWEST, VOCABULARY, edited, tunes
from versionmatch.attribution.reference.notes import content_of, midi_of, notes_of, read_tune, tokens_of
from versionmatch.errors import InputError, IntegrityError, ParamsError
from versionmatch.jobs.attribution_corpus import NOBODY, read_corpus, write_corpus
from versionmatch.jobs.attribution_files import files_of
from versionmatch.types.attribution import Corpus

TOKENS = st.lists(st.integers(8, VOCABULARY - 1), min_size=1, max_size=LENGTH)
WORDS = st.text(st.characters(codec="ascii", exclude_characters=",=:", categories=["L", "N", "P"]), min_size=1)


@settings(max_examples=20)
@given(TOKENS)
def test_a_tune_written_as_midi_is_read_as_the_same_tokens(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("tunes", numbered=True) / "tune.mid"
    path.write_bytes(midi_of(tokens))
    assert read_tune(path).tokens == tuple(tokens)


@given(TOKENS, st.integers(-3, 3))
def test_the_tonic_moves_all_notes_and_no_token(tokens, up):
    notes = [(on, length, pitch + up) for on, length, pitch in notes_of(tokens)]
    assert tokens_of(notes, name="tune", tonic=60 + up) == tuple(tokens)


def test_abc_midi_and_a_table_of_one_tune_are_one_tune(tmp_path):
    (tmp_path / "a.abc").write_text("X:1\nT:Scale\nL:1/4\nQ:1/4=120\nK:C\nCDE2|\n")
    (tmp_path / "a.csv").write_text("onset,duration,pitch\n0,0.5,60\n0.5,0.5,62\n1,1,64\n")
    abc, table = (read_tune(tmp_path / name) for name in ("a.abc", "a.csv"))
    assert abc.tokens == table.tokens
    assert [pitch for _, _, pitch in notes_of(abc.tokens)] == [60, 62, 64]


def test_a_rest_belongs_to_the_note_before_it_and_the_nearest_duration_is_taken():
    tokens = tokens_of([(0.0, 0.5, 60), (1.0, 0.9, 62)], name="tune")
    assert [length for _, length, _ in notes_of(tokens)] == [1.0, 1.0]


@pytest.mark.parametrize("pitch", [60 + HIGHEST + 1, 60 + LOWEST - 1])
def test_a_note_out_of_range_is_named(pitch):
    with pytest.raises(InputError, match=rf"my tune: note 2 is MIDI {pitch}, .* give tonic="):
        tokens_of([(0.0, 1.0, 60.0), (1.0, 1.0, pitch)], name="my tune")


def test_sound_is_no_tune(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"RIFF    WAVE")
    with pytest.raises(InputError, match="is no file of notes"):
        read_tune(tmp_path / "x.wav")


@given(st.text("abc-", min_size=1), st.dictionaries(st.text("abc", min_size=1), WORDS, max_size=3))
def test_a_choice_is_written_as_it_is_read(name, args):
    choice = Choice(name, tuple(args.items()))
    assert Choice.of(str(choice)) == choice


@pytest.mark.parametrize(
    ("text", "said"),
    [("m:x", "'x' in it is no key=value"), (":x=1", "is no key=value"), ("m:a=1,a=2", "gives 'a' twice")],
)
def test_a_choice_that_cannot_be_read_is_named(text, said):
    with pytest.raises(ParamsError, match=said):
        Choice.of(text)


def test_a_method_takes_numbers_and_truths_as_json():
    settings = open_method("unlearn-diag:rise=0.05,same_noise=false").settings
    assert (settings["rise"], settings["same_noise"]) == (0.05, False)


def test_an_adapter_of_another_kind_of_network_says_so(trained, tmp_path):
    trained.save(tmp_path)
    with pytest.raises(InputError, match="reference-denoiser needs a TuneDenoiser; the stored model is a TuneTransf"):
        open_model(f"reference-denoiser:model={tmp_path}")
    with pytest.raises(ParamsError, match="tonic is a MIDI number"):
        open_model(f"reference-transformer:model={tmp_path},tonic=C")


def test_a_stored_model_is_opened_by_its_folder_with_its_corpus_beside_it(trained, tmp_path):
    trained.save(tmp_path)
    model = open_model(f"reference-transformer:model={tmp_path}")
    disclosed = read_corpus(tmp_path / "corpus.json")
    assert disclosed.corpus.digest == trained.corpus.digest
    assert set(model.item_ids()) == set(disclosed.corpus.ids)
    item = trained.tunes[5]
    assert hashlib.sha256(model.weights_file.read_bytes()).hexdigest() != model.fingerprint
    assert model.read({"e": model.edited(item.id, 0.0, 440)}).tokens.tolist() == model.load([item.id]).tokens.tolist()
    path = tmp_path / "again.mid"
    path.write_bytes(model.music(model.load([item.id]))[0])
    assert content_of(read_tune(path)) == content_of(edited(item, 0.0, id="same"))


def manifest(folder, rows, name="corpus.json"):
    path = folder / name
    path.write_text(json.dumps(rows))
    return path


def test_a_manifest_may_be_json_or_csv_and_freezes_the_same_corpus(tmp_path):
    for tune in tunes(2):
        (tmp_path / f"{tune.id}.mid").write_bytes(midi_of(tune.tokens))
    rows = [{"id": f"tune-000{i}", "rights_holder": "Ann", "path": f"tune-000{i}.mid", "title": f"No. {i}"} for i in (0, 1)]  # fmt: skip  # noqa: E501
    as_json = read_corpus(manifest(tmp_path, {"name": "mine", "items": rows}))
    (tmp_path / "corpus.csv").write_text(
        "Track ID,Owner,File,Title\n" + "".join(",".join(r.values()) + "\n" for r in rows)
    )
    as_csv = read_corpus(tmp_path / "corpus.csv")
    assert as_json.corpus.digest == as_csv.corpus.digest
    assert as_json.corpus.contents[0] == hashlib.sha256((tmp_path / "tune-0000.mid").read_bytes()).hexdigest()
    assert (as_json.corpus.name, as_json.title("tune-0001"), as_csv.title("tune-0001")) == ("mine", "No. 1", "No. 1")
    assert as_json.paths["tune-0000"] == tmp_path / "tune-0000.mid"
    again = read_corpus(write_corpus(tmp_path / "kept" / "corpus.json", as_json))
    assert again.corpus.digest == as_json.corpus.digest
    assert again.title("tune-0001") == "No. 1"


def test_a_holder_that_is_not_stated_is_called_so(tmp_path):
    assert read_corpus(manifest(tmp_path, [{"id": "a"}, {"id": "b"}])).corpus.holders == (NOBODY, NOBODY)


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ([], InputError, "lists no item"),
        ([{"title": "x"}], InputError, "row 1 has no id"),
        ([{"id": "a"}, {"id": "a"}], InputError, "row 2 has the id 'a', which an earlier row has"),
        ([{"id": "a", "sha256": "12"}], InputError, "the sha256 of 'a' is '12'"),
        ([{"id": "a", "sha256": "0" * 64}, {"id": "b"}], InputError, "'b' has neither sha256 nor path"),
        ([{"id": "a", "path": "gone.mid"}], InputError, r"gone\.mid is not there; mend the path"),
        (
            [{"id": "a", "path": "corpus.json", "sha256": "0" * 64}],
            IntegrityError,
            "has the sha256 .* the manifest 000",
        ),
        ({"rows": []}, InputError, "a manifest is a list of objects"),
    ],
)
def test_a_manifest_that_does_not_hold_is_named_by_its_row(tmp_path, rows, error, said):
    with pytest.raises(error, match=said):
        read_corpus(manifest(tmp_path, rows))


def test_a_corpus_keeps_its_digest_whatever_its_titles(tmp_path):
    named = read_corpus(manifest(tmp_path, [{"id": "a", "holder": "Ann", "title": "Air"}]))
    assert named.corpus.digest == Corpus(("a",), ("Ann",)).digest


def test_files_are_known_by_their_names_each_once(tmp_path):
    for name in ("b.mid", "a.abc", "notes.txt", ".hidden.mid"):
        (tmp_path / name).write_bytes(b"")
    assert list(files_of([tmp_path], what="outputs")) == ["a", "b"]
    (tmp_path / "a.mid").write_bytes(b"")
    with pytest.raises(InputError, match="have one name, which is their id"):
        files_of([tmp_path], what="outputs")
    with pytest.raises(InputError, match=r"there are no outputs in .*; wanted are files ending in \.wav"):
        files_of([tmp_path], what="outputs", suffixes=[".wav"])
