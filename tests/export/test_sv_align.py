import sys
import types

import numpy as np
import pytest

from versionmatch.cli import sv_align
from versionmatch.errors import AudioDecodeError


@pytest.fixture
def aligner(monkeypatch):
    """Stands in for the alignment; set ``answer`` to times or to an error."""
    module = types.ModuleType("versionmatch.jobs.align")
    module.answer = np.array([[0.0, 1.5], [0.1, 1.625]])

    def align(reference, other):
        if isinstance(module.answer, Exception):
            raise module.answer
        return module.answer

    module.align = align
    monkeypatch.setitem(sys.modules, "versionmatch.jobs.align", module)
    return module


def test_rows_are_reference_then_other_without_header(aligner, capsys):
    assert sv_align.main(["ref.wav", "other.wav"]) == 0
    out, err = capsys.readouterr()
    assert out == "0.000000,1.500000\n0.100000,1.625000\n"
    assert not err


def test_a_wrong_number_of_files_is_a_usage_error(capsys):
    assert sv_align.main(["ref.wav"]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "takes two sound files; got 1" in err


def test_help_is_given_when_asked_for(capsys):
    assert sv_align.main(["--help"]) == 0
    assert "usage: versionmatch-sv-align REF OTHER" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error", [AudioDecodeError("ref.wav", "it is no sound", "convert it"), FileNotFoundError("no ref.wav")]
)
def test_a_file_that_cannot_be_read_is_told_on_standard_error_only(aligner, capsys, error):
    aligner.answer = error
    assert sv_align.main(["ref.wav", "other.wav"]) == 3
    out, err = capsys.readouterr()
    assert not out
    assert str(error) in err


def test_recordings_without_a_common_passage_are_an_error(aligner, capsys):
    aligner.answer = np.empty((0, 2))
    assert sv_align.main(["ref.wav", "other.wav"]) == 3
    assert "have no passage in common" in capsys.readouterr().err


def test_an_interrupt_ends_with_130(aligner):
    aligner.answer = KeyboardInterrupt()
    aligner.align = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt())
    assert sv_align.main(["ref.wav", "other.wav"]) == 130
