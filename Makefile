# The two commands: `make book` builds the site, `make test` checks everything. Both set up .venv where needed, once.
# PIP_ARGS is handed to pip, for example to point it at a CPU build of PyTorch (README, section "Set-up").

PIP_ARGS ?=
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
# Further options for JupyterLab, for example LAB_ARGS="--no-browser --port 8889"; a container's root needs --allow-root.
LAB_ARGS ?=

BIN := .venv/bin
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(ONE_THREAD) $(BIN)/python -m pytest -q -n 2 --dist loadscope
SETUP := pyproject.toml constraints.txt

.PHONY: help book serve lab data test test-suite test-notebooks test-repeat test-fast bench handout refresh exercises clean

help:
	@echo "make book         build the site into _build/html (sets up what it needs)"
	@echo "make serve        serve the site on http://localhost:$(PORT)"
	@echo "make lab          open the exercises in JupyterLab"
	@echo "make test         check everything: site, notebooks, exercises, grader"
	@echo "make test-fast    the quick part of it, for work"
	@echo "make test-repeat  every notebook twice, and under another hash seed"
	@echo "make bench        measure the GRU and the grader, each beside others"
	@echo "make handout      dist/gru-course-exercises.zip, for a class"
	@echo "make refresh      execute the notebooks and store their outputs"
	@echo "make exercises    generate exercises/ from solutions/"
	@echo "make clean        remove what was built; .venv and the data stay"

.venv/.installed-%: $(SETUP)
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and none was found. Install one, or name it: make PYTHON=/path/to/python"; exit 1; fi
	@$(PYTHON) authoring/environment.py $* $(PIP_ARGS)

book: .venv/.installed-book
	@$(BIN)/python -m authoring.site

serve: book
	@echo "http://localhost:$(PORT)/ (Ctrl-C stops)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: .venv/.installed-lab
	$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/exercises $(LAB_ARGS)

data: .venv/.installed-all
	@$(BIN)/python -m gru_data fetch

test: .venv/.installed-all data book test-suite test-notebooks

test-suite:
	$(PYTEST) tests

test-notebooks:
	$(PYTEST) --nbval --nbval-current-env --nbval-cell-timeout 120 book solutions exercises

# Nothing stored may hang on chance: every notebook twice, and once with sets and dicts of strings in another order.
test-repeat: .venv/.installed-all data
	$(MAKE) --no-print-directory test-notebooks
	$(MAKE) --no-print-directory test-notebooks
	GRU_NOTEBOOK_HASHSEED=1 $(MAKE) --no-print-directory test-notebooks

test-fast: .venv/.installed-all
	$(PYTEST) -m "not slow" tests

bench: .venv/.installed-all
	$(ONE_THREAD) $(BIN)/python -m authoring.bench_gru
	$(ONE_THREAD) $(BIN)/python -m authoring.bench_grader

handout: .venv/.installed-lab
	$(BIN)/python -m authoring.handout

refresh: .venv/.installed-all data
	$(BIN)/python -m authoring.refresh

exercises: .venv/.installed-all
	$(BIN)/python -m authoring.exercises

clean:
	rm -rf _build dist *.egg-info .pytest_cache .hypothesis .ruff_cache
