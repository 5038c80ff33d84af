# Everything a person or a machine needs to run, test and keep Annotate: `make` lists it.
# Works with GNU make 4 and with the make 3.81 of macOS.

# What may be set from outside, as in `make test PYTEST_ARGS="-x tests/articles"`.
PYTHON ?=
PYTEST_ARGS ?=
SECONDS ?= 600
ROUNDS ?= 50
TARGETS ?=
LOCK_ARGS ?=
export PYTHON

python := .venv/bin/python
compile := $(python) -m uv pip compile --quiet --universal --python-version 3.12 --only-binary :all: \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

quietly := -qq --disable-pip-version-check --no-input --require-hashes --only-binary :all:

.PHONY: help run test lint bench load large faults machines proxies fuzz audit sbom install lock clean

help: ## List these commands
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

run: install ## Start the site on http://127.0.0.1:8000, or at PORT
	@exec $(python) -m annotate.runner

test: install ## Run all tests, browser tests included
	@$(python) tests/browser.py --install
	@$(python) -m pytest -n 3 --dist worksteal $(PYTEST_ARGS)

lint: install ## Check style, types and that no migration is missing
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy
	@$(python) manage.py makemigrations --check --dry-run

bench: install ## Measure the budgets
	@$(python) -m tests.bench

load: install ## Let 300 reviewers work at the site for SECONDS (600), and see that it bears that
	@$(python) -m tests.load --seconds $(SECONDS)

large: install ## Compare pages over 100,000 stories and over 100, on the server of DATABASE_URL
	@$(python) -m tests.bench.large

faults: install ## Kill, fill and silence what the site stands on, under load (ROUNDS=50)
	@$(python) -m tests.faults --rounds $(ROUNDS)

machines: install ## Lose a web process and the primary while people work, and nothing else
	@$(python) -m tests.machines

proxies: install ## Try the files for Caddy and nginx in deploy/
	@$(python) -m pytest tests/deploy/proxies.py $(PYTEST_ARGS)

fuzz: install .venv/fuzz/installed ## Fuzz all readers, SECONDS each, or TARGETS; then all addresses
	@PYTHONPATH=.venv/fuzz $(python) -m tests.fuzz --seconds $(SECONDS) $(TARGETS)

audit: install .venv/audit/installed ## Look for known vulnerabilities in requirements.lock
	@$(python) -m tests.dependencies audit

sbom: install .venv/audit/installed ## Write the bill of materials, annotate.cdx.json
	@$(python) -m tests.dependencies sbom

# Beside .venv and not in it: the site shall never import what only these commands need.
.venv/fuzz/installed: .ci/fuzz.lock | install
	@rm -rf .venv/fuzz
	@$(python) -m pip install $(quietly) --target .venv/fuzz -r $<
	@touch $@

.venv/audit/installed: .ci/audit.lock | install
	@rm -rf .venv/audit
	@$(python) -m venv --without-pip .venv/audit
	@$(python) -m pip --python .venv/audit install $(quietly) -r $<
	@touch $@

install: ## Make .venv and install the packages of requirements.lock in it
	@sh -c "$$INSTALL"

lock: install ## Write the locks from pyproject.toml (newer: LOCK_ARGS=--upgrade)
	@$(python) -m uv --version >/dev/null 2>&1 || $(python) -m pip install --quiet --disable-pip-version-check uv
	@$(compile) pyproject.toml --group dev --output-file requirements.lock
	@cp requirements.lock deploy/requirements.lock # the same versions, without what tests need
	@$(compile) pyproject.toml --output-file deploy/requirements.lock
	@$(compile) --group audit --output-file .ci/audit.lock
	@$(compile) --group fuzz --output-file .ci/fuzz.lock
	@case " $(LOCK_ARGS) " in *" --upgrade "*) date -u +%Y-%m-%d > .ci/upgraded ;; esac

clean: ## Remove .venv and all caches; stories and tags in .data stay
	@rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .fuzz test-results annotate.cdx.json
	@find annotate tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed .venv and the caches. The stories and tags in .data are untouched."

# .venv/installed holds the checksum of the lock that was installed to the end.
define INSTALL
set -eu
usable() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }
imports() { "$$1" -c "import $$2" >/dev/null 2>&1; }
version() { "$$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || true; }
fail() { echo "$$1" >&2; exit 1; }

lock="$$(cksum < requirements.lock)"
if usable $(python) && [ "$$(cat .venv/installed 2>/dev/null)" = "$$lock" ]; then exit 0; fi

if ! usable $(python) || ! imports $(python) pip; then
  if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else
    set -- "python$$(cat .python-version)" python3.14 python3.13 python3.12 python3 python \
      "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3
  fi
  found= chosen= bare=
  for candidate in "$$@"; do
    this="$$(version "$$candidate")"
    [ -n "$$this" ] || continue
    found="$${found:-$$this}"
    usable "$$candidate" || continue
    if ! imports "$$candidate" "venv, ensurepip"; then bare="$${bare:-$$this}"; continue; fi
    chosen="$$candidate"
    break
  done
  if [ -z "$$chosen" ] && [ -n "$$bare" ]; then
    fail "Python $$bare lacks its venv module. On Debian and Ubuntu: apt install python3-venv"
  elif [ -z "$$chosen" ]; then
    fail "Annotate needs Python 3.12 or newer (found $${found:-none}). Install it from python.org or your package manager."
  fi
  echo "Making .venv with Python $$this…"
  rm -rf .venv
  "$$chosen" -m venv .venv || fail "Making .venv failed: what went wrong is said above."
fi
echo "Installing packages…"
rm -f .venv/installed
$(python) -m pip install -qq --disable-pip-version-check --no-input --require-hashes \
  --only-binary :all: -r requirements.lock ||
  fail "Installing packages failed: what went wrong is said above. Run the command again."
echo "$$lock" > .venv/installed
endef
export INSTALL
