"""The house itself: what importing costs, what is shipped, what the documents promise."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

import versionmatch as vm

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "librosa", "numba", "faiss", "essentia", "sklearn", "scipy", "soundfile", "av", "numpy")


def in_a_new_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = in_a_new_process("import sys, versionmatch; print(*sys.modules)").split()
    assert "versionmatch" in loaded
    assert not set(HEAVY) & set(loaded)


def test_the_help_text_loads_nothing_heavy():
    code = "import sys; from versionmatch.cli.main import parser; parser().format_help(); print(*sys.modules)"
    assert not set(HEAVY) & set(in_a_new_process(code).split())


def test_every_name_of_the_facade_can_be_had():
    for name in vm.__all__:
        assert getattr(vm, name) is not None


def test_the_stub_of_the_facade_names_what_the_facade_has():
    stub = (ROOT / "versionmatch" / "__init__.pyi").read_text()
    named = set(re.findall(r" as (\w+)", stub)) | {"__version__"}
    assert named == set(vm.__all__)


def test_an_unknown_name_of_the_facade_lists_the_known_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'compute'.*compare"):
        _ = vm.compute


@pytest.mark.parametrize("first", ["versionmatch.align.dtw", "versionmatch.features.view", "versionmatch"])
def test_align_and_features_are_packages_and_can_be_called(first):
    code = f"import {first}; import versionmatch as vm; import versionmatch.align.oti; "
    code += "print(callable(vm.align), callable(vm.features), vm.align.oti.__name__)"
    assert in_a_new_process(code).split() == ["True", "True", "versionmatch.align.oti"]


def test_every_package_is_listed_for_the_wheel():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    there = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "versionmatch").rglob("__init__.py")}
    assert listed == there | {"versionmatch._models"}


def test_no_file_of_the_package_is_longer_than_500_lines():
    long = {p.name: n for p in (ROOT / "versionmatch").rglob("*.py") if (n := len(p.read_text().splitlines())) > 500}
    assert not long


VERDICTS = re.compile(r"infring|plagiar|stolen|\bcop(?:ied|ying)\b", re.IGNORECASE)


def test_no_text_of_the_package_passes_a_verdict():
    files = [p for p in (ROOT / "versionmatch").rglob("*") if p.suffix in {".py", ".html", ".js", ".css"}]
    found = [f"{p.name}: {m.group()}" for p in files for m in VERDICTS.finditer(p.read_text(encoding="utf-8"))]
    assert not found


def test_heavy_libraries_are_imported_only_in_their_homes():
    homes = {
        "numba": r"(align|features|fingerprint|harmonic|melodic|rhythmic)/.*kernels\.py",
        "torch": r"features/cqt_nnaudio\.py|embed/.*\.py|train/.*\.py|attribution/.*\.py",
        "transformers": r"attribution/adapters/.*\.py",
        "diffusers": r"attribution/adapters/.*\.py",
        "nnAudio": r"features/cqt_nnaudio\.py",
        "essentia": r"features/(melody|hpcp)_essentia\.py|fingerprint/chromaprint\.py",
        "librosa": r"(features|audio)/.*\.py",
        "sklearn": r"match/calibrate.*\.py|embed/embedder\.py",
        "av": r"audio/.*\.py",
        "faiss": r"index/.*\.py",
        "lancedb": r"index/.*\.py",
        "verovio": r"web/engraving\.py",
    }
    strays = [
        f"{path.name}: {library}"
        for path in (ROOT / "versionmatch").rglob("*.py")
        for library in re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
        if library in homes and not re.fullmatch(homes[library], path.relative_to(ROOT / "versionmatch").as_posix())
    ]
    assert not strays
