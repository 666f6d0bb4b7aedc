# Entry points. `make help` says what each does; `make demo` and `make test` are the two that matter.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/payment-operator
# A Go that scripts/setup fetched wins over Debian's older one.
export PATH := $(CACHE)/go/bin:/usr/local/go/bin:$(PATH)
TIER ?= node
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: help setup build install demo demo-down test unit asan tsan sim integration e2e bench lint format golden images cluster-up cluster-down

help: ## this list
	@sed -nE 's/^([a-z][a-z0-9-]*):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "make %-13s %s\n", $$1, $$2}'

setup: ## install what is missing from Debian's packages (apt, as root or through sudo)
	@scripts/setup

build: setup ## build the release preset into build/release
	@scripts/build release

# Under sudo it is built by whom build/ belongs to: what root wrote there, that user's next build could not replace.
install: setup ## build kubectl-payment and put it into PREFIX/bin (/usr/local), where kubectl finds it as `kubectl payment`
	@$(if $(SUDO_USER),sudo -H -u $(shell stat -c %U build 2>/dev/null || stat -c %U .)) scripts/build release kubectl_payment_program
	@install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin build/release/bin/kubectl-payment
	@ln -sf kubectl-payment $(DESTDIR)$(PREFIX)/bin/kubectl_complete-payment

demo: setup ## build all, start Kubernetes, install the operator, make one payment and leave it running (CLUSTER=current REGISTRY=host/path [YES=1] uses your own cluster)
	@scripts/demo

demo-down: ## remove what make demo left, the embedded cluster included
	@scripts/demo down

test: setup ## everything that CI runs, each stage with its minutes
	@scripts/test all

unit: setup ## unit tests (release build)
	@scripts/test unit

asan: setup ## unit tests under the address, leak and undefined-behaviour sanitizers
	@scripts/test asan

tsan: setup ## the tests of code with threads under the thread sanitizer
	@scripts/test tsan

sim: setup ## the operator in simulated worlds with faults: SEEDS=N of them (100000), or one that failed, SEED=n, with a trace of it
	@scripts/build release operator_sim_program
	@build/release/bin/operator-sim $(if $(SEED),--seed $(SEED) --trace,--crashes all --transitions --seeds 1..$(or $(SEEDS),100000))

integration: setup ## real MariaDB, Redis and kube-apiserver
	@scripts/test integration

e2e: setup ## Helm install, real pods, real payments (needs root, or CLUSTER=current)
	@scripts/test e2e

bench: setup ## figures as JSON under build/bench, and a table
	@scripts/bench

lint: setup ## formatting, source-tree rules, shell, chart, the objects that we make (kube-score), clang-tidy
	@scripts/lint

format: setup ## format all C++ sources in place
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

golden: build ## rewrite the expected objects that tests compare with; read the diff
	@scripts/golden

images: build ## build the container images, without docker or a registry
	@scripts/images build all

cluster-up: setup ## start the embedded Kubernetes (TIER=api|control|node); kubeconfig at build/cluster/kubeconfig
	@tests/cluster/cluster up --tier $(TIER)

cluster-down: ## stop it and leave nothing behind
	@tests/cluster/cluster down

.PHONY: coverage fuzz-smoke
coverage: setup ## line coverage of the unit tests by folder; HTML under build/coverage/html
	@scripts/coverage

fuzz-smoke: setup ## every fuzz target for FUZZ_SECONDS (30) under libFuzzer; a crash is kept under build/fuzz
	@scripts/fuzz-smoke
