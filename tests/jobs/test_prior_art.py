"""Passages looked up in corpora of dated works."""

from __future__ import annotations

import json

import numpy as np
import pytest

import versionmatch as vm
from tests.jobs.tunes import corpus, tune, walk
from versionmatch.cli.main import main
from versionmatch.errors import InputError, IntegrityError, LimitError, ParamsError
from versionmatch.jobs import tune_reading
from versionmatch.jobs.dates import is_before, years_of
from versionmatch.jobs.prior_passage import passage_of
from versionmatch.jobs.tune_index import TuneIndex
from versionmatch.melodic.tune import Tune


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A manifest of 210 works, its index, and the index's folder."""
    top = tmp_path_factory.mktemp("corpus")
    TuneIndex.build(corpus(top, 210), top / "works.tunes", workers=1)
    return top


@pytest.fixture(scope="module")
def index(folder):
    return TuneIndex.open(folder / "works.tunes")


def abc(notes, **facts):
    return tune(notes, **facts).encode()


def test_a_passage_is_found_in_its_work_with_its_place(index):
    found = vm.prior_art(abc(walk(7)), index, bars=(3, 5))
    first = found.hits[0]
    assert (first.work_id, first.title, first.composer, first.year_to) == ("tunes/t007.abc", "Air 7", "Anon.", 1707)
    assert (first.identical, first.share, first.transposition) == (12, 1.0, 0)
    assert (first.start_q, first.end_q, first.start_s, first.end_s) == (8.0, 20.0, 8.0, 20.0)
    assert (first.bar_from, first.bar_to, first.passage_from, first.passage_to) == (3, 5, 1, 12)
    assert first.p_value < 0.001
    assert first.q_value <= 0.05
    assert found.aligned + found.apart == 210


def test_the_key_is_told_as_what_raises_the_work(index):
    higher = index.search(Tune(index.corpus.lines.tune(7).pitches[8:20] + 3))
    assert higher.hits[0].work_id == "tunes/t007.abc"
    assert higher.hits[0].transposition == 3


def test_an_altered_note_leaves_eleven_of_twelve(index):
    pitches = index.corpus.lines.tune(30).pitches[8:20].copy()
    pitches[5] += 1
    first = index.search(Tune(pitches)).hits[0]
    assert (first.work_id, first.identical, first.holds) == ("tunes/t030.abc", 11, True)


def test_works_before_a_year_come_first_and_later_ones_apart(index):
    found = vm.prior_art(abc(walk(150)), index, bars=(3, 5), before=1800)
    assert found.counts["dated"].works == 100
    assert found.counts["not before"].works == 110
    assert found.counts["not before"].holding == 1
    later = [h for h in found.hits if h.group == "not before"]
    assert later[0].work_id == "tunes/t150.abc"
    assert found.earliest is None or found.earliest.year_to < 1800
    assert "works dated before 1800 hold the passage or one like it" in found.summary
    assert "Of 110 works that are not surely earlier than 1800, 1 do" in found.summary


def test_a_common_figure_is_said_to_be_common(index):
    scale = Tune([60, 62, 64, 65, 67])
    assert index.search(scale).figures[0].works == sum(
        any(list(index.corpus.lines.tune(i).intervals[k : k + 4]) == [2, 2, 1, 2] for k in range(45))
        for i in range(210)
    )


def test_too_few_works_or_notes_are_insufficient(index, tmp_path):
    small = TuneIndex.build(corpus(tmp_path, 5))
    few = small.search(Tune(small.corpus.lines.tune(2).pitches[:12]))
    assert few.insufficient == "the corpus has 5 works, and 200 are needed"
    assert few.hits[0].p_value is None
    assert "insufficient for a statement about rarity" in few.summary
    short = index.search(Tune([60, 64, 67, 72, 76]))
    assert short.insufficient == "the passage has 5 notes, and 6 are needed"


def test_undated_works_are_a_group_of_their_own(tmp_path):
    (tmp_path / "a.abc").write_text(tune(walk(1), title="One"))
    found = vm.prior_art(abc(walk(1)), tmp_path, bars=(1, 3), before=1900)
    assert [h.group for h in found.hits] == ["undated"]
    assert found.earliest is None
    assert found.summary.startswith("No work of the corpus is dated before 1900. Of 1 undated works, 1 hold it")


def test_each_tune_of_a_book_is_a_work(tmp_path):
    book = "\n".join(tune(walk(i), number=i, title=f"No. {i}") for i in (1, 2, 5))
    (tmp_path / "book.abc").write_text(book)
    index = TuneIndex.build(tmp_path)
    assert [w.id for w in index.corpus.works] == ["book.abc#1", "book.abc#2", "book.abc#5"]
    assert index.search(Tune(index.corpus.lines.tune(2).pitches[4:16])).hits[0].title == "No. 5"


def two_voices():
    lower = [note.upper() + "," for note in walk(3)]
    upper = ["b"] * 48
    return (
        'X:1\nM:4/4\nL:1/4\nK:C\nV:1 name="Treble"\n[V:1] ' + " ".join(upper) + "\n"
        'V:2 name="Bass"\n[V:2] ' + " ".join(lower) + "\n"
    )


def test_every_part_is_searched_unless_told_otherwise(tmp_path):
    (tmp_path / "duet.abc").write_text(two_voices())
    index = TuneIndex.build(tmp_path)
    bass = next(i for i, line in enumerate(index.corpus.of) if line.part == "Bass")
    passage = Tune(index.corpus.lines.tune(bass).pitches[4:16])
    assert index.search(passage).hits[0].part == "Bass"
    assert index.search(passage, parts="melody").hits == ()


def test_what_cannot_be_read_is_listed_and_ends_nothing(tmp_path):
    (tmp_path / "good.abc").write_text(tune(walk(1)))
    (tmp_path / "bad.mid").write_bytes(b"MThd\0\0")
    (tmp_path / "notes.csv").write_text("onset,offset,pitch\n0,1,sixty\n")
    (tmp_path / "list.csv").write_text("name,price\na,1\n")
    (tmp_path / "cover.jpg").write_bytes(b"x")
    index = TuneIndex.build(tmp_path, tmp_path / "x.tunes")
    assert [w.id for w in index.corpus.works] == ["good.abc"]
    assert [name for name, _ in index.corpus.refused] == ["bad.mid", "notes.csv"]
    assert index.corpus.passed_over == 2
    assert "bad.mid," in (tmp_path / "x.tunes" / "errors.csv").read_text()


def test_a_reader_that_fails_ends_nothing(tmp_path, monkeypatch):
    for name in ("a.abc", "b.abc"):
        (tmp_path / name).write_text(tune(walk(1)))
    original = tune_reading.read_scores

    def broken(path):
        if path.endswith("a.abc"):
            raise ZeroDivisionError("division by zero")
        return original(path)

    monkeypatch.setattr(tune_reading, "read_scores", broken)
    index = TuneIndex.build(tmp_path)
    assert [w.id for w in index.corpus.works] == ["b.abc"]
    assert "ZeroDivisionError: division by zero" in index.corpus.refused[0][1]


def test_rows_of_a_manifest_that_name_nothing_are_listed(tmp_path):
    (tmp_path / "a.abc").write_text(tune(walk(1)))
    (tmp_path / "m.csv").write_text("path,date\na.abc,c. 1780\ngone.abc,1790\n,1800\na.abc,1801\n")
    index = TuneIndex.build(tmp_path / "m.csv")
    assert [(w.date, w.year_from) for w in index.corpus.works] == [("c. 1780", 1780)]
    assert [name for name, _ in index.corpus.refused] == ["a.abc", "gone.abc", "m.csv#row=3"]


def test_kern_has_a_field_for_the_date_of_composition(tmp_path):
    (tmp_path / "k.krn").write_text("!!!ODT: 1824///\n**kern\n*M2/4\n4c\n4d\n4e\n4f\n*-\n")
    assert TuneIndex.build(tmp_path).corpus.works[0].year_from == 1824


def test_the_date_of_an_encoding_is_no_date_of_composition(tmp_path):
    note = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"
    (tmp_path / "s.musicxml").write_text(
        "<score-partwise><identification><encoding><encoding-date>2019-01-01</encoding-date></encoding>"
        "</identification><part-list><score-part id='P1'><part-name>V</part-name></score-part></part-list>"
        f"<part id='P1'><measure number='1'>{note * 4}</measure></part></score-partwise>"
    )
    assert TuneIndex.build(tmp_path).corpus.works[0].year_from is None


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1873", (1873, 1873)), ("1873.0", (1873, 1873)), ("12.3.1873", (1873, 1873)), ("1805-1808", (1805, 1808)),
        ("1899/1900", (1899, 1900)), ("1780er", (1780, 1789)), ("17th c.", (1601, 1700)), ("19. Jh.", (1801, 1900)),
        ("<1750", (None, 1750)), (">1750", (1750, None)), ("op. 12", (None, None)), ("", (None, None)),
        ("173", (None, None)), ("1847-03", (1847, 1847)),
    ],
)  # fmt: skip
def test_years_as_catalogues_write_them(text, years):
    assert years_of(text) == years


def test_a_work_that_may_be_later_is_not_earlier():
    assert not is_before((1890, 1910), 1900)
    assert not is_before((1750, None), 1900)
    assert not is_before((None, None), 1900)
    assert not is_before((1900, 1900), 1900)
    assert is_before((1899, 1899), 1900)


def test_the_same_files_give_the_same_bytes(folder, index):
    again = folder / "again.tunes"
    TuneIndex.build(folder / "works.csv", again, workers=2)
    names = sorted(p.name for p in again.iterdir())
    assert names == sorted(p.name for p in (folder / "works.tunes").iterdir())
    assert all((again / n).read_bytes() == (folder / "works.tunes" / n).read_bytes() for n in names)
    one, two = (vm.prior_art(abc(walk(9)), i, bars=(2, 4)).to_dict() for i in (index, again))
    assert {**one, "index": 0} == {**two, "index": 0}


def test_an_index_in_memory_finds_what_the_kept_one_finds(folder, index):
    passage = Tune(index.corpus.lines.tune(40).pitches[10:24])
    kept, made = index.search(passage), TuneIndex.build(folder / "works.csv").search(passage)
    assert kept.hits == made.hits


@pytest.fixture
def copied(folder, tmp_path):
    target = tmp_path / "copy.tunes"
    target.mkdir()
    for path in (folder / "works.tunes").iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize("name", ["arrays-*", "facts-*", "tunes.json"])
def test_every_changed_byte_is_noticed(copied, name):
    path = next(copied.glob(name))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match=r"copy\.tunes is damaged: .*build it again"):
        TuneIndex.open(copied)
    assert main(["prior-art", str(copied), "--index", str(copied)]) == 5


@pytest.mark.parametrize("name", ["arrays-*", "facts-*", "tunes.json"])
def test_a_missing_file_is_noticed(copied, name):
    next(copied.glob(name)).unlink()
    with pytest.raises((IntegrityError, InputError), match=r"copy\.tunes"):
        TuneIndex.open(copied)


def test_a_build_over_an_index_replaces_it_and_leaves_nothing_behind(copied, tmp_path):
    (tmp_path / "a.abc").write_text(tune(walk(1)))
    TuneIndex.build(tmp_path / "a.abc", copied)
    assert len(TuneIndex.open(copied).corpus.works) == 1
    assert len(list(copied.iterdir())) == 4


def test_a_folder_with_other_things_is_not_written_into(tmp_path):
    (tmp_path / "a.abc").write_text(tune(walk(1)))
    with pytest.raises(InputError, match="holds no index of tunes; name another folder"):
        TuneIndex.build(tmp_path / "a.abc", tmp_path)


def test_a_source_that_is_not_there_or_empty_is_an_error(tmp_path):
    with pytest.raises(InputError, match="gone is not there; name a folder of scores"):
        TuneIndex.build(tmp_path / "gone")
    with pytest.raises(InputError, match="holds no score that can be read"):
        TuneIndex.build(tmp_path)


def test_passages_that_are_none(tmp_path):
    with pytest.raises(InputError, match="at least 3 notes, found 2"):
        passage_of(b"X:1\nL:1/4\nK:C\nCD|")
    with pytest.raises(LimitError, match="more than MAX_NOTES"):
        passage_of(abc(walk(1) * 2))
    with pytest.raises(InputError, match="begins there; name another range"):
        passage_of(abc(walk(1)), span=(500.0, 600.0))
    with pytest.raises(InputError, match="has no time signature"):
        passage_of(b"X:1\nL:1/4\nK:C\nCDEF|", bars=(1, 1))
    with pytest.raises(ParamsError, match="least = 0"):
        TuneIndex.build(corpus(tmp_path, 2)).search(Tune([60, 62, 64]), least=0)


def test_a_range_of_seconds_takes_what_begins_in_it():
    assert len(passage_of(abc(walk(1)), span=(4.0, 10.0)).tune) == 6


def test_a_recording_can_be_looked_up(index):
    from versionmatch.audio import synth

    pitches = index.corpus.lines.tune(12).pitches[4:16]
    sound = synth.melody([(float(p), 0.5 * i, 0.45) for i, p in enumerate(pitches)], timbre="voice")
    found = vm.prior_art((sound.samples, sound.sr), index)
    assert found.hits[0].work_id == "tunes/t012.abc"
    assert found.wanted.machine
    with pytest.raises(InputError, match="no bars and no parts"):
        vm.prior_art((sound.samples, sound.sr), index, bars=(1, 2))


def test_the_command_builds_and_searches(folder, tmp_path, capsys):
    (tmp_path / "q.abc").write_text(tune(walk(7)))
    assert main(["prior-art", "build", str(tmp_path / "x.tunes"), str(folder / "tunes"), "-q", "--workers", "1"]) == 0
    assert "210 works" in capsys.readouterr().out
    query = ["prior-art", str(tmp_path / "q.abc"), "--bars", "3-5", "--index", str(folder / "works.tunes")]
    assert main(query) == 0
    text = capsys.readouterr().out
    assert "hold the passage or one like it; the earliest dated is" in text
    assert "Air 7 (tunes/t007.abc), Anon. [1707]: 12 notes the same (100%), same key" in text
    assert main([*query, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "versionmatch.prior-art/1"
    assert main([*query, "--csv"]) == 0
    assert capsys.readouterr().out.startswith("rank,group,work_id,title")


def test_the_command_says_nothing_found_with_its_code(folder, tmp_path, capsys):
    (tmp_path / "q.abc").write_text("X:1\nL:1/4\nK:C\nC^F=cG^cD^gA_B,E^f_A|\n")
    assert main(["prior-art", str(tmp_path / "q.abc"), "--index", str(folder / "works.tunes")]) == 1
    assert "0 of 210 works with a date hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["gone.abc", "--index", "INDEX"], 3, "gone.abc: there is no such file"),
        (["q.abc"], 2, "name the corpus"),
        (["q.abc", "r.abc", "--index", "INDEX"], 2, "one passage at a time"),
        (["q.abc", "--index", "gone.tunes"], 3, "gone.tunes is not there"),
        (["q.abc", "--index", "INDEX", "--bars", "8-5"], 2, "names no bars"),
        (["q.abc", "--index", "INDEX", "--parts", "bass"], 2, "one of all, melody"),
        (["build", "x.tunes"], 2, "prior-art build CORPUS.tunes"),
    ],
)
def test_mistakes_have_codes_and_remedies(folder, tmp_path, monkeypatch, capsys, words, code, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.abc").write_text(tune(walk(7)))
    given = [str(folder / "works.tunes") if word == "INDEX" else word for word in words]
    assert main(["prior-art", *given]) == code
    assert told in capsys.readouterr().err


def test_parts_of_an_index_are_read_only(index):
    with pytest.raises(ValueError, match="read-only"):
        index.corpus.lines.pitches[0] = 1
    assert np.diff(index.corpus.lines.starts).min() > 0
