# Each target makes .venv by itself when it is missing or out of date.
EXTRAS := fem,mesh,birds,docs,test,dev
RUN := runs/euler-torus
ARGS :=
TORCH := auto
EXECUTE := 0
SECONDS := 3600
SEED := 0

# Or each of a hundred processes compiles anew what it imports, two thirds of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test soak check lint docs claims constraints clean .venv FORCE

help: ## Say what each target does
	@awk -F ':.*## ' '/^[.a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: .venv ## Train PINNs and NCL on the Euler torus, compare with FEM (9 minutes)
	@echo "demo: trains PINNs and NCL, solves the FEM reference, compares: about 9 minutes"
	.venv/bin/ncl-deepxde run euler-torus --preset quick --out $(RUN) --resume
	@echo "demo: the report is $(CURDIR)/$(RUN)/report.html, open it in a browser"

test: .venv ## Run the tests (20 minutes); ARGS="-k jets" chooses some
	@echo "test: runs pytest, about 20 minutes on two cores"
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

soak: .venv ## Kill runs at random moments for SECONDS=3600; SEED=0
	@echo "soak: runs of all problems are killed and resumed, for $(SECONDS) seconds"
	PYTHONPATH=tests OMP_NUM_THREADS=1 MPLBACKEND=Agg .venv/bin/python tests/soak/kills.py --seconds $(SECONDS) --seed $(SEED)

check: lint test ## Everything that CI checks: lint, types, tests (21 minutes)

lint: .venv ## Check style, format and types (1 minute)
	@echo "lint: runs ruff and mypy, about a minute"
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

.venv: .venv/.complete ## Make the environment and nothing else (1 to 5 minutes); TORCH=cpu or TORCH=cuda

.venv/.complete: setup.cfg pyproject.toml constraints.txt $(if $(filter-out auto,$(TORCH)),FORCE)
	@echo ".venv: installs ncl-deepxde[$(EXTRAS)], 2 GB, or 6 GB with CUDA, 1 to 5 minutes"
	@scripts/make-environment $(EXTRAS) $(TORCH)

docs: .venv ## Build the site (2 minutes); EXECUTE=1 runs the examples, LINKS=1 asks the network
	@echo "docs: builds the site, about two minutes, ten with EXECUTE=1"
	OMP_NUM_THREADS=1 .venv/bin/python -m sphinx -W --keep-going -q -b html \
	    -D plot_gallery=$(EXECUTE) docs docs/_build/html
	.venv/bin/python docs/_extensions/links.py docs/_build/html
	$(if $(LINKS),.venv/bin/python -m sphinx -q -b linkcheck docs docs/_build/links)
	@echo "docs: open $(CURDIR)/docs/_build/html/index.html in a browser"

claims: .venv ## Write docs/claims.md and the tables of results (seconds)
	@echo "claims: writes docs/claims.md and the tables of README, docs/results.md and docs/laws.md, seconds"
	.venv/bin/python docs/_extensions/claims_page.py

constraints: .venv ## Resolve the newest versions anew into constraints.txt
	@echo "constraints: resolves all extras for all platforms, some seconds"
	.venv/bin/uv pip compile setup.cfg --universal --python-version 3.12 --all-extras \
	    --upgrade --no-annotate --quiet --custom-compile-command "make constraints" \
	    --output-file constraints.txt

clean: ## Remove .venv, caches and build folders; keep runs
	@echo "clean: removes .venv and caches, a few seconds; runs/ stays"
	rm -rf .venv build dist docs/_build docs/_examples docs/api docs/gallery *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
