# Everything sets up what it needs: the first `make` of a fresh clone takes some minutes.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SEEDS := tests/golden/seeds
export NEWSBEAM_SHARED ?= $(abspath ../shared)

.DEFAULT_GOAL := help
.PHONY: help setup replay kafka demo flink-demo test test-fast lint benchmark quality quality-page clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/installed ## A virtual environment with newsbeam and all its tools

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "newsbeam needs Python 3.11 or later; name it: make PYTHON=python3.12 ..."; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
	  { echo "fasttext is built from source and needs a C++ compiler: apt-get install g++ (Debian), xcode-select --install (macOS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

replay: setup ## Replay the five seed articles
	$(BIN)/newsbeam replay $(SEEDS) --overwrite

kafka: setup ## A Kafka broker on this machine, until Ctrl-C
	$(BIN)/python deploy/kafka/broker

demo: setup ## A broker, the seeds published, enriched records consumed
	$(BIN)/python deploy/kafka/demo

flink-demo: setup ## The same on a Flink cluster of this machine, with some thousand articles
	$(BIN)/python deploy/flink/demo

test: setup ## All tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-fast: setup ## The pure tests: no Beam pipeline, no broker, no cluster
	$(BIN)/python -m pytest -n 2 -m "not pipeline and not kafka and not flink and not install"

lint: setup ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: setup ## Articles a second: the pipeline against a bare loop, two workers against one
	$(BIN)/python -m tests.benchmarks.overhead
	$(BIN)/python -m tests.benchmarks.workers

quality: setup ## Scores against the gold, beside their floors
	$(BIN)/python -m tests.quality.cleaning
	$(BIN)/python -m tests.quality.written
	$(BIN)/python -m tests.quality.html
	$(BIN)/python -m tests.quality.tagging

quality-page: setup ## quality.html: language and topics on the labelled articles, to look at
	$(BIN)/newsbeam quality $(NEWSBEAM_SHARED)/data/topics_labelled.jsonl.gz --html quality.html

clean: ## Remove what was built here
	rm -rf $(VENV) build dist *.egg-info newsbeam-output .pytest_cache .mypy_cache .ruff_cache .hypothesis
