# The targets of the workshop; `make help` lists them. .ci/run calls the same ones, in the order in which a change fails fastest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Releases and CI use the toolchain of go.mod, which may be newer than the Go that is installed.
export GOTOOLCHAIN ?= auto

# By default, each program with the race detector sleeps for a second before it exits.
export GORACE ?= atexit_sleep_ms=0

# Tools come from module files of their own, so that their dependencies are not the product's.
tool = go tool -modfile=.ci/tools/$(1).mod $(1)
check = go run ./.ci/check

# What test-fast leaves out: packages that need minutes, or programs such as npm and Chromium.
slow = cmd/krowoc internal/app internal/app/ci internal/app/change internal/app/dump internal/app/takeover internal/app/testdb internal/cli internal/cli/devcmd internal/cli/migratecmd internal/dev \
	internal/dev/identity internal/dev/redis internal/generate/conformance internal/graph/exec internal/health internal/migrate internal/migrate/verify \
	internal/pg internal/pg/catalog internal/pg/celsql internal/pg/ddl internal/pg/docker internal/pg/local internal/scaffold internal/seed internal/seed/dump internal/seed/make \
	internal/supervise krowoctest migrations seeds

# The packages that have benchmarks: linking the tests of all others takes minutes.
benched = $$(git grep -l '^func Benchmark' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's,^,./,')

# FUZZTIME is how long `make fuzz` gives each target, SOAK how long `make soak` takes; BENCH and COUNT are for `make bench`.
FUZZTIME ?= 30s
SOAK ?= 10m
BENCH ?= .
COUNT ?= 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./krowoc
	go build -trimpath -o krowoc ./cmd/krowoc

.PHONY: test-fast
test-fast: ## run the tests that finish within a minute, and name the others
	@go list ./... | grep -vxF -f <(printf 'github.com/krowoc/krowoc/%s\n' $(slow)) | xargs go test -json | $(check) report; \
	echo "left out, in \`make test\`: $(slow)"

.PHONY: test
test: ## run every test with the race detector, and list what this machine left out
	go test -race ./... -json | $(check) report

.PHONY: test-ci
test-ci: ## test the checks of .ci
	go test ./.ci/check

.PHONY: test-wasm
test-wasm: ## build and test with the SQL parser in WebAssembly, as releases have it
	CGO_ENABLED=0 go build -trimpath -o /dev/null ./cmd/krowoc
	CGO_ENABLED=0 go test -trimpath ./internal/pg/sqltext/... ./internal/migrate/lint # shares compiled packages with the release

.PHONY: lint
lint: ## run the linters
	$(call tool,golangci-lint) run ./...

.PHONY: vet
vet: ## vet the code as this system compiles it
	go vet ./... ./.ci/check

.PHONY: vet-all
vet-all: ## vet the code as the other systems compile it
	for os in darwin windows; do GOOS=$$os CGO_ENABLED=0 go vet ./...; done

.PHONY: fmt
fmt: ## format the Go files
	$(call tool,golangci-lint) fmt ./...
	gofmt -w $$(git ls-files '*.go')

.PHONY: formatted
formatted: ## fail when a Go file is not formatted
	@files=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$files" ] || { echo "not gofmt-clean; run make fmt:"; echo "$$files"; exit 1; }

.PHONY: tidy
tidy: ## check go.mod and the module cache
	go mod tidy -diff
	go mod verify

.PHONY: modules
modules: ## check the list of linked modules, docs/modules.md
	$(check) modules

.PHONY: modules-update
modules-update: ## rewrite docs/modules.md for review
	$(check) modules -w

.PHONY: vuln
vuln: ## look for known vulnerabilities that the code calls
	$(check) vulnerabilities

.PHONY: secrets
secrets: ## look for secrets in the files and in the history
	.ci/secrets

.PHONY: subjects
subjects: ## check the subjects of the commits
	$(check) subjects

.PHONY: golden
golden: ## rewrite the golden files and scripts; read the difference before you commit it
	go test $$(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | awk '/internal\/testkit/ {print $$1}') -update

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZTIME (30s)
	.ci/fuzz $(FUZZTIME)

.PHONY: soak
soak: ## send requests for SOAK (10m) while nobody takes traces, metrics and events
	KROWOC_TEST_SOAK=$(SOAK) go test -count 1 -timeout 60m -run TestSoak -v ./internal/app

.PHONY: bench
bench: ## run the benchmarks: BENCH=NestedList COUNT=5
	go test -run '^$$' -bench '$(BENCH)' -count $(COUNT) $(benched)

.PHONY: docs
docs: ## regenerate what docs/ takes from the code, and test the examples of the guides
	go test ./internal/config ./internal/migrate/lint ./internal/seed/dump -update
	go test ./internal/config ./internal/migrate/lint ./internal/schema/sdl ./internal/seed/dump
	go test ./internal/seed ./internal/app ./seeds ./krowoctest -run 'Guide|Example|Docs|MakingRows|SumUp|Partitions'

.PHONY: generate
generate: ## check that the generated files of the prompt platform are current
	go run ./cmd/krowoc generate --check

.PHONY: pipelines
pipelines: ## check the pipelines that `krowoc new` writes, and this repository's workflows
	.ci/pipelines

.PHONY: release
release: ## build the release of this machine's system
	$(call tool,goreleaser) check
	$(call tool,goreleaser) build --snapshot --single-target --clean
	for program in dist/krowoc_*/krowoc; do $$program version; done

.PHONY: release-all
release-all: ## build the releases of all systems
	$(call tool,goreleaser) build --snapshot --clean

.PHONY: smoke
smoke: ## clone, run, query: what a newcomer does first
	.ci/smoke

.PHONY: nightly
nightly: ## run what takes too long for every change: other systems, fuzzing, soaks, releases, benchmarks
	.ci/nightly
