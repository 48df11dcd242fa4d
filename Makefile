# One way in. `make demo` and `make test` set everything up by themselves; only Python 3.11+ is needed.
PYTHON ?= python3
BIN := .venv/bin
OUT := out
export PYTHONHASHSEED := 0

.PHONY: demo demo-attribution demo-rights test lint types contracts doctest pytest browser soundfonts bench constraints clean

demo: .venv/.ready
	@mkdir -p $(OUT)
	$(BIN)/versionmatch compare examples/greensleeves-a.ogg examples/greensleeves-b.ogg --out $(OUT)/demo.html
	@echo "The report lies in $(OUT)/demo.html: open it in any browser, it needs no network."

# A small model of generated music: trained, its outputs attributed, trained again without what came first.
demo-attribution: .venv/.ready
	@mkdir -p $(OUT)
	OMP_NUM_THREADS=1 $(BIN)/versionmatch attribute demo --out $(OUT)
	@echo "The report lies in $(OUT)/attribution.html: open it in any browser, it needs no network."

# A corpus with rights holders, from its ingest to shares, a withdrawal and the check of its log.
demo-rights: .venv/.ready
	@rm -rf $(OUT)/rights
	$(BIN)/python examples/rights.py --out $(OUT)/rights

test: lint types contracts doctest pytest

.venv/.ready: pyproject.toml setup.cfg constraints.txt tools/environment.py
	$(PYTHON) tools/environment.py

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready
	$(BIN)/mypy

contracts: .venv/.ready
	$(BIN)/lint-imports --config setup.cfg

doctest: .venv/.ready
	$(BIN)/pytest --doctest-modules --doctest-ignore-import-errors versionmatch -q -p no:cacheprovider

pytest: .venv/.ready browser soundfonts
	$(BIN)/pytest -n 2 --dist loadgroup

# What the page's tests need beyond Python; without it they are skipped, and say so.
browser:
	@sh tools/browser.sh

# FluidSynth and two banks, for versions rendered as sound; their tests are skipped without.
soundfonts:
	@sh tools/soundfonts.sh small

bench: .venv/.ready
	$(BIN)/python -m benchmarks.speed.run

constraints: .venv/.ready
	$(BIN)/python tools/constraints.py

clean:
	rm -rf .venv .venv-peers $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
