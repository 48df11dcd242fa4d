"""Whatever is done to a log after it was signed is noticed, and the entry is named; by a verifier that stands alone."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.naive_rights import naive_root
from tests.rights.logs import BASE, LICENSED, TIMES
from versionmatch.audit import verify_log
from versionmatch.audit.verify_log import Tampered
from versionmatch.errors import CatalogueBusy, InputError, IntegrityError, MissingExtra
from versionmatch.rights.book import Book
from versionmatch.store.disk import Disk
from versionmatch.store.rights_log import RightsLog

pytest.importorskip("cryptography", reason="signatures need the extra [rights]")
from versionmatch.audit.signing import SigningKey

KEY = SigningKey.of_seed(bytes(range(32)))
SAID = (*BASE, *LICENSED)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A log of 13 entries, signed over 6 and over all."""
    root = tmp_path_factory.mktemp("book") / "rights"
    times = iter(f"2026-01-01T00:00:{second:02d}Z" for second in range(60))
    book = Book.create(root, "example.org/rights", clock=lambda: next(times))
    with book.writing("test"):
        book.add_all(SAID[:5])
        book.sign(KEY)
        for kind, body in SAID[5:]:
            book.add(kind, **body)
        book.sign(KEY)
    return root


@pytest.fixture(scope="module")
def parts(signed):
    own = verify_log.public_key((signed / "log.vkey").read_text())
    notes = [verify_log.read_note(p.read_bytes(), p.name, own) for p in sorted((signed / "checkpoints").iterdir())]
    return (signed / "log.jsonl").read_bytes(), notes, own


def named(log, notes):
    with pytest.raises(Tampered) as caught:
        verify_log.verify(log, notes)
    return caught.value.entry


def test_a_log_as_it_was_signed_holds(signed, parts):
    log, notes, _ = parts
    found = verify_log.check(signed)
    assert (found.entries, found.signed, found.checkpoints) == (13, 13, 2)
    assert found.root == naive_root(log.splitlines()) == notes[1].root


@pytest.mark.parametrize("change", [lambda b: b ^ 1, lambda b: b ^ 0x80, lambda b: 10 if b != 10 else 32])
def test_any_byte_of_any_entry_changed_is_noticed_and_the_entry_is_named(parts, change):
    log, notes, _ = parts
    entry = 0
    for at, byte in enumerate(log):
        changed = bytearray(log)
        changed[at] = change(byte)
        assert named(bytes(changed), notes) == entry, f"byte {at} of the log"
        entry += byte == 10


def test_any_entry_deleted_is_named(parts):
    log, notes, _ = parts
    lines = log.splitlines(keepends=True)
    for i in range(len(lines)):
        assert named(b"".join(lines[:i] + lines[i + 1 :]), notes) == i


def test_any_two_entries_that_changed_places_are_noticed_at_the_first(parts):
    log, notes, _ = parts
    lines = log.splitlines(keepends=True)
    for i in range(len(lines) - 1):
        for j in (i + 1, len(lines) - 1):
            swapped = list(lines)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            if i != j and i != len(lines) - 1:
                assert named(b"".join(swapped), notes) == i


def test_a_log_cut_off_anywhere_is_noticed_at_the_first_entry_that_lacks(parts):
    log, notes, _ = parts
    for size in range(len(log)):
        assert named(log[:size], notes) == log[:size].count(b"\n")


def test_an_entry_put_in_twice_is_noticed(parts):
    log, notes, _ = parts
    lines = log.splitlines(keepends=True)
    for i in range(len(lines)):
        assert named(b"".join([*lines[: i + 1], lines[i], *lines[i + 1 :]]), notes) == i + 1


def test_a_history_written_anew_with_a_sound_chain_is_not_what_was_signed(signed, parts, tmp_path):
    _, notes, _ = parts
    times = iter(f"2026-01-01T00:00:{second:02d}Z" for second in range(60))
    book = Book.create(tmp_path / "other", "example.org/rights", clock=lambda: next(times))
    with book.writing("test"):
        book.add_all([*SAID[:6], *SAID[7:], SAID[6]])
    with pytest.raises(Tampered, match=r"is not what checkpoint 0+6.txt was signed over|another from"):
        verify_log.verify((tmp_path / "other" / "log.jsonl").read_bytes(), notes)


def test_any_byte_of_a_checkpoint_or_of_the_key_changed_is_noticed(signed, parts):
    _, _, own = parts
    for path in sorted((signed / "checkpoints").iterdir()):
        note = path.read_bytes()
        for at in range(len(note)):
            with pytest.raises(Tampered, match=path.name):
                verify_log.read_note(note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :], path.name, own)
    text = (signed / "log.vkey").read_text().strip()
    for at in range(len(text)):
        other = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(Tampered):  # the key itself, or the first checkpoint that it should have signed
            verify_log.read_note(note, "note", verify_log.public_key(other))


def run(*arguments):
    """The verifier as a stranger runs it: the one file alone, without this package."""
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_the_verifier_runs_alone_and_its_exit_code_tells(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "rights")
    lone = tmp_path / "verify_log.py"
    shutil.copy(verify_log.__file__, lone)
    done = run(lone, tmp_path / "rights")
    assert (done.returncode, done.stderr) == (0, "")
    assert "13 entries, 13 of them signed, 2 checkpoints hold" in done.stdout
    log = tmp_path / "rights" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"grantor":"ada"', b'"grantor":"eve"'))
    done = run(lone, tmp_path / "rights")
    assert done.returncode == 5
    assert "entry 12: it, or another from 6 on, is not what checkpoint" in done.stderr


def test_the_verifier_imports_nothing_but_the_standard_library_and_cryptography():
    tree = ast.parse(Path(verify_log.__file__).read_text())
    names = [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(node.level for node in froms)
    names += [node.module for node in froms]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | {"cryptography"}


def test_an_older_checkpoint_and_a_printed_one_show_a_log_that_was_rolled_back(signed, tmp_path):
    root = tmp_path / "rights"
    shutil.copytree(signed, root)
    _, new = sorted((root / "checkpoints").iterdir())
    kept = tmp_path / "kept.txt"
    shutil.copy(new, kept)
    page = tmp_path / "report.html"
    size, root_text = new.read_text().split("\n")[1:3]
    page.write_text(f"<p>checkpoint: <b>example.org/rights {size} {root_text.replace('+', '&#43;')}</b></p>")
    assert verify_log.main([str(root), "--older", str(kept), "--against", str(page)]) == 0
    new.unlink()
    lines = (root / "log.jsonl").read_bytes().splitlines(keepends=True)
    (root / "log.jsonl").write_bytes(b"".join(lines[:6]))
    assert verify_log.main([str(root)]) == 0  # sound by itself: it was signed over 6
    assert verify_log.main([str(root), "--older", str(kept)]) == 5
    assert verify_log.main([str(root), "--against", str(page)]) == 5


def test_what_was_added_after_the_last_checkpoint_is_told(signed, tmp_path, capsys):
    root = tmp_path / "rights"
    shutil.copytree(signed, root)
    book = Book(root)
    with book.writing("test"):
        book.add("party", id="cy", digest="")
    assert verify_log.main([str(root)]) == 0
    assert "1 entries after the last checkpoint are not signed yet" in capsys.readouterr().out


def test_a_log_signed_with_another_key_is_not_signed_again(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "rights")
    with pytest.raises(InputError, match="is another key's"):
        Book(tmp_path / "rights").sign(SigningKey.of_seed(bytes(32)))


def test_a_key_is_the_same_after_it_was_written_and_read(tmp_path):
    (tmp_path / "key.pem").write_bytes(KEY.pem)
    assert SigningKey.read(tmp_path / "key.pem").text("n") == KEY.text("n")
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(InputError, match="is no private key without password"):
        SigningKey.read(tmp_path / "key.pem")


def test_without_the_library_it_is_said_which_extra_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(MissingExtra, match=r"versionmatch\[rights\]"):
        SigningKey.new()


def test_the_book_itself_refuses_a_log_that_was_changed(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "rights")
    log = tmp_path / "rights" / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"1000000", b"2000000")
    log.write_bytes(b"".join(lines))
    with pytest.raises(IntegrityError, match="entry 4 does not follow from the one before"):
        Book(tmp_path / "rights")


def test_half_a_line_that_a_kill_left_is_cut_off_and_the_rest_stands(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "rights")
    log = tmp_path / "rights" / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"actor":"op')
    book = Book(tmp_path / "rights")
    assert len(book.log) == 13
    with book.writing("test"):
        assert log.read_bytes() == whole
        book.add("party", id="cy")
    assert len(Book(tmp_path / "rights").log) == 14
    log.write_bytes(whole[:-5])
    with pytest.raises(IntegrityError, match="entry 12 is cut off, but was signed"), Book(log.parent).writing("test"):
        pass


def test_what_could_not_be_written_was_not_said(tmp_path):
    class Full(Disk):
        def append(self, path, data):
            raise OSError("no space left")

    Book.create(tmp_path / "rights", "example.org/r")
    book = Book(tmp_path / "rights", disk=Full())
    with book.writing("test"), pytest.raises(OSError, match="no space left"):
        book.add("party", id="ada")
    assert "ada" not in book.state.parties
    assert len(Book(tmp_path / "rights").log) == 1


def test_there_is_one_writer_and_readers_follow(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "rights")
    first, second = Book(tmp_path / "rights"), Book(tmp_path / "rights")
    with first.writing("one"):
        with pytest.raises(CatalogueBusy, match=r"process \d+ .*\(one\)"), second.writing("two"):
            pass
        first.add("party", id="cy")
    assert "cy" not in second.state.parties
    assert "cy" in second.follow().parties
    with pytest.raises(InputError, match="is not open for writing"):
        RightsLog(tmp_path / "rights").append("me", [("party", {})])


def test_the_database_is_the_same_when_it_is_made_again_of_the_log(signed, tmp_path):
    import sqlite3

    def dump(path):
        with sqlite3.connect(path) as connection:
            return list(connection.iterdump())

    shutil.copytree(signed, tmp_path / "rights")
    book = Book(tmp_path / "rights")
    path = book.view()
    first = dump(path)
    path.write_bytes(b"not a database" * 100)
    assert dump(book.view()) == first
    path.unlink()
    assert dump(book.view()) == first
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT seq, id, grantor FROM grant_entries ORDER BY seq").fetchall()
        connection.execute("UPDATE entries SET leaf = 'x' WHERE seq = 12")
    assert rows == [(11, "g-master", "ben"), (12, "g-work", "ada")]
    assert dump(book.view()) == first


def test_names_stay_out_of_the_log_and_can_be_erased(tmp_path):
    book = Book.create(tmp_path / "rights", "example.org/rights")
    with book.writing("test"):
        entry = book.party("p1", "Ada Lovelace", ipi="00123456789")
    assert book.names.of("p1") == {"name": "Ada Lovelace", "ipi": "00123456789"}
    assert book.names.holds("p1", entry.body["digest"])
    assert b"Lovelace" not in (book.root / "log.jsonl").read_bytes()
    book.names.erase("p1")
    assert book.names.of("p1") == {}
    assert not book.names.holds("p1", entry.body["digest"])
    assert not any(b"Lovelace" in p.read_bytes() for p in book.root.rglob("*") if p.is_file())
    assert json.loads((book.root / "log.jsonl").read_bytes().splitlines()[1])["body"]["digest"] == entry.body["digest"]
    with pytest.raises(InputError, match="no name is kept of party 'p1'"):
        book.names.erase("p1")


def test_the_state_of_the_first_entries_is_had_again(signed):
    book = Book(signed)
    assert len(book.before(11).grants) == 0
    assert len(book.before(12).grants) == 1
    assert book.time >= TIMES[0]
