"""Attribution measured on tunes of one's own: what is read, what is refused, what comes out."""

import numpy as np
import pytest

from versionmatch.attribution.reference.melodies import LENGTH, token
from versionmatch.errors import InputError, ParamsError
from versionmatch.jobs.bench_attribution import AttributionBenchParams
from versionmatch.jobs.bench_attribution_tunes import TunesBenchParams, bench_attribution_tunes, read_tunes


def abc(path, count, *, notes=LENGTH + 2):
    rng = np.random.default_rng(440)
    scale = "CDEFGABcdefg"
    tunes = []
    for number in range(1, count + 1):
        line = "".join(scale[int(i)] for i in rng.integers(0, len(scale), notes - 1)) + "C"
        tunes.append(f"X:{number}\nT:tune {number}\nM:4/4\nL:1/4\nK:C\n{line}|]\n")
    path.write_text("\n".join(tunes))
    return str(path)


def test_melodies_are_read_from_their_last_note_as_the_tonic(tmp_path):
    (tmp_path / "a.abc").write_text(f"X:1\nM:4/4\nL:1/4\nK:C\n{'CDEG' * 12}C|]\n")
    (tune,) = read_tunes([str(tmp_path / "a.abc")])
    assert tune.tokens == (token(0, 3), token(2, 3), token(4, 3), token(7, 3)) * 12


def test_short_melodies_and_doubles_are_left_out(tmp_path):
    abc(tmp_path / "a.abc", 3)
    abc(tmp_path / "b.abc", 3)
    abc(tmp_path / "c.abc", 2, notes=20)
    assert [t.id for t in read_tunes([str(tmp_path)])] == ["a.abc#1", "a.abc#2", "a.abc#3"]


def test_too_few_melodies_are_named(tmp_path):
    with pytest.raises(InputError, match=r"3 different melodies .* items \+ held_out = 516 are needed"):
        bench_attribution_tunes(TunesBenchParams(sources=(abc(tmp_path / "a.abc", 3),)))


def test_halves_of_the_tunes_are_trained_on(tmp_path, monkeypatch):
    """A short training: figures mean nothing yet, but all of them are there, and the tunes are not."""
    from versionmatch.attribution.benchmark import plan
    from versionmatch.attribution.reference.transformer import TransformerParams

    monkeypatch.setattr(plan, "KINDS", {"ar": TransformerParams(dim=16, layers=1, heads=2, inner=16, steps=6)})
    params = TunesBenchParams(
        sources=(abc(tmp_path / "a.abc", 14),), items=12, held_out=2, subsets=3, folder=str(tmp_path), n_bootstrap=5
    )
    found = bench_attribution_tunes(params)
    assert (found["melodies"], found["subsets"], found["queries"], found["outputs"]) == (14, 3, 4, 2)
    assert "unlearn-ekfac" in found["methods"]
    assert len((tmp_path / "tunes.jsonl").read_text().splitlines()) == 6
    assert "tokens" not in str(found)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [({"tier": "X"}, "tier"), ({"kinds": ()}, "kinds"), ({"split": "test"}, "split"), ({"seeds": 1}, "seeds")],
)
def test_settings_that_make_no_sense_are_named(wrong, match):
    with pytest.raises(ParamsError, match=match):
        AttributionBenchParams(**wrong)
