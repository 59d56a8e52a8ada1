# Kaveri's targets. "make help" lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

# Without these tags the embedded SQLite has no full-text search; internal/buildtags stops a build that forgot them.
TAGS := sqlite_fts5,sqlite_math_functions
export GOFLAGS := $(strip $(filter-out -tags=%,$(shell go env GOFLAGS)) -tags=$(TAGS))
export CGO_ENABLED := 1

# Where score and bench find the corpora and the bench set. Absolute, since a Go test runs in its package's folder.
export KAVERI_SHARED := $(abspath $(or $(KAVERI_SHARED),../shared))

# Where score lists what was read otherwise than labelled.
KAVERI_SCORE_DIR ?= $(CURDIR)/tmp/score

FUZZTIME ?= 30s

.PHONY: help build run test check score bench bench-ingest bench-send bench-insight bench-segment soak shots fuzz fmt clean browser-libraries test-servers format vet staticcheck
.NOTPARALLEL:

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sort | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

build: browser-libraries ## build bin/kaveri
	go build -o bin/kaveri ./cmd/kaveri

run: build ## build Kaveri and start it; it prints its address
	bin/kaveri serve

# ---- tests -----------------------------------------------------------------------------------------------------------

test: browser-libraries test-servers format vet staticcheck ## everything: lint, race, both databases, Dovecot, browser (a quarter of an hour on two cores)
	go test -json -vet=off -race -shuffle=on -count=1 -timeout=25m ./... | go run ./internal/testreport

check: browser-libraries format vet ## the quick half: format, vet, unit tests (< 60 seconds)
	go test -json -vet=off -short -shuffle=on ./... | go run ./internal/testreport -skips

format:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not formatted, run \"make fmt\":"; echo "$$unformatted"; exit 1; }

vet:
	go vet -tags=$(TAGS),score,shots ./...

staticcheck:
	go tool -modfile=tools.mod staticcheck -tags=$(TAGS),score,shots ./...

score: ## measure on the corpora of ../shared or KAVERI_SHARED; misses go to KAVERI_SCORE_DIR (tmp/score)
	@[ -d "$(KAVERI_SHARED)/data" ] || { \
		echo "make score: no corpora in $(KAVERI_SHARED)/data; set KAVERI_SHARED to the folder that holds data/" >&2; exit 1; }
	@packages=$$({ grep -rl --include='*_test.go' --exclude-dir=node_modules '^//go:build score' . || true; } | xargs -r -n1 dirname | sort -u); \
	[ -n "$$packages" ] || { echo "make score: no package has a score test (//go:build score)" >&2; exit 1; }; \
	echo "measuring:" $$packages; mkdir -p "$(KAVERI_SCORE_DIR)"; \
	KAVERI_SCORE_DIR="$(KAVERI_SCORE_DIR)" go test -tags=$(TAGS),score -count=1 -timeout=30m -run=Score -v $$packages && \
	echo "the misses, each with its reason: $(KAVERI_SCORE_DIR)"

bench: bench-ingest bench-send ## the benchmarks of the packages, ingestion and sending on the bench set
	go test -run='^$$' -bench=. -benchmem ./...

bench-ingest: browser-libraries test-servers ## ingestion from a real Dovecot, beside drain-and-save and mbsync
	go run ./internal/benchingest

bench-send: ## sending over the durable ledger to a recording sink, beside the raw limit
	go run ./internal/benchsend

bench-insight: ## what the history says: baskets, models, the ladder and the export, in memory and over the store
	go test -run='^$$' -bench=. -benchmem -count=3 ./insight
	go test -run='^$$' -bench=. -benchtime=1x ./insight/standing ./insight/warehouse

bench-segment: ## how fast segments are counted and read: 100,000 customers, or KAVERI_CUSTOMERS=1000000 of them
	go run ./internal/benchsegment

soak: browser-libraries test-servers ## the tests at full size (KAVERI_SOAK=1): hours, results go to docs/
	KAVERI_SOAK=1 go test -json -vet=off -count=1 -timeout=12h ./... | go run ./internal/testreport

shots: browser-libraries test-servers ## pictures of every page in Chromium, to be looked at, in tmp/shots
	mkdir -p tmp/shots
	KAVERI_SHOTS="$(CURDIR)/tmp/shots" go test -tags=$(TAGS),shots -count=1 -timeout=20m -run='^TestShots$$' ./web

fuzz: ## each fuzz target for FUZZTIME (30s)
	@for package in $$(go list ./...); do \
		for target in $$(go test -list='^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			go test -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZTIME) $$package; \
		done; \
	done

# ---- what the tree does not hold ---------------------------------------------------------------------------------------

# The browser libraries: versions and checksums stand in package-lock.json, their files go to a folder that git ignores.
LIBRARIES := $(addprefix web/static/vendor/,htmx.min.js hx-sse.min.js uPlot.iife.min.js uPlot.min.css)

browser-libraries: $(LIBRARIES)

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "npm is missing: install Node 20 (package nodejs and npm), it fetches the browser libraries" >&2; exit 1; }
	npm ci --ignore-scripts
	@touch $@

web/static/vendor/htmx.min.js: node_modules/.package-lock.json
	cp node_modules/htmx.org/dist/htmx.min.js $@

web/static/vendor/hx-sse.min.js: node_modules/.package-lock.json
	cp node_modules/htmx.org/dist/ext/hx-sse.min.js $@

web/static/vendor/uPlot.%: node_modules/.package-lock.json
	cp node_modules/uplot/dist/uPlot.$* $@

# The servers, the browser and the judges of our mail that the tests talk to, from Debian. As root they are installed, with a policy-rc.d that
# keeps Debian from starting a service: the tests start private ones.
APT := DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq

test-servers:
	@missing=""; \
	[ -x /usr/sbin/dovecot -a -x /usr/lib/dovecot/imap ] || missing="$$missing dovecot-imapd"; \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing="$$missing postgresql"; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v spamassassin >/dev/null || missing="$$missing spamassassin"; \
	/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || missing="$$missing python3-dkim python3-nacl"; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "The tests need what is not installed:$$missing" >&2; \
		echo "Install it, on Debian:  sudo apt-get install --no-install-recommends$$missing" >&2; exit 1; \
	fi; \
	echo "installing from Debian:$$missing"; \
	if [ ! -e /usr/sbin/policy-rc.d ]; then \
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; \
	fi; \
	$(APT) install -y --no-install-recommends $$missing >/dev/null || \
	{ $(APT) update && $(APT) install -y --no-install-recommends $$missing >/dev/null; }

fmt: ## format the Go files
	gofmt -l -w .

clean: ## remove what make built
	rm -rf bin node_modules $(LIBRARIES)
