# Two commands for a newcomer: `make demo` and `make test`. Each installs what is missing first.
.DEFAULT_GOAL := help
.PHONY: help demo demo-cluster load test chaos validate rehearse build dependencies cluster-dependencies test-dependencies benchmark format clean

SWIFT_FLAGS ?=
FLAGS ?=

help:
	@echo 'make demo [FLAGS=--json]   install what is missing, build, and run a whole deferred delivery'
	@echo 'make demo-cluster          the same with three brokers, Redis, two fronts, two delivery workers, of which some are killed'
	@echo 'make load [FLAGS=...]      a minute of load on a cluster of its own; fails where anything is lost ("poste load --help")'
	@echo 'make test                  install what is missing, build, and run all tests'
	@echo 'make chaos [MINUTES=3 SEED=n]  break a cluster under load by a seeded schedule, and prove that nothing was lost'
	@echo 'make validate              check compose.yaml, the Dockerfile, the Kubernetes manifests, the dashboard and the alerts'
	@echo 'make rehearse [FLAGS=…]     start what compose.yaml says on this machine, without images; send and receive; end it'
	@echo 'make build                 build the poste command: .build/release/poste'
	@echo 'make benchmark             measure the cryptography and gRPC, as ratios to yardsticks'
	@echo 'make format                format all Swift code'

dependencies:
	@deploy/install-dependencies build

cluster-dependencies:
	@deploy/install-dependencies cluster

test-dependencies:
	@deploy/install-dependencies test

build: dependencies
	@swift build -c release $(SWIFT_FLAGS) --product poste

demo: build
	@.build/release/poste demo $(FLAGS)

demo-cluster: cluster-dependencies build
	@.build/release/poste demo --cluster $(FLAGS)

# Where brokers or Redis are not to be had, poste load goes on with the embedded store.
load: build
	@deploy/install-dependencies cluster || true
	@.build/release/poste load $(FLAGS)

# What fails fast runs first: what needs no build, the whole build, then the unit tests, then what starts processes.
test: test-dependencies
	@deploy/validate
	@swift build -c release $(SWIFT_FLAGS) --build-tests
	@swift build -c release $(SWIFT_FLAGS) --product poste
	@Tests/run

# The last line is a JSON object. MINUTES is 3 where it is not given, SEED a random number, which is printed.
chaos: cluster-dependencies
	@swift build -c release $(SWIFT_FLAGS) --product Chaos
	@Tests/run-chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(FLAGS)

# What an operator runs: compose.yaml, the image's recipe, the manifests, the dashboard.
validate:
	@deploy/validate

# What `docker compose up` would start, without images: FLAGS='--json --scale front=3 --kill front-1'.
rehearse:
	@deploy/install-dependencies rehearse
	@swift build -c release $(SWIFT_FLAGS) --product poste
	@deploy/rehearse $(FLAGS)

benchmark: dependencies
	@swift run -c release PairingBenchmark
	@swift run -c release RPCBenchmark

format:
	@swift format --in-place --recursive Package.swift Sources Tests Benchmarks

clean:
	@rm -rf .build
