# Martlet. `make help` lists the targets.
SHELL := /bin/sh
SWIFT ?= swift
INSTANCE ?= instance
DOMAIN ?= example.test
SECONDS ?= 600
UPGRADES ?= 100
BUILD := $(SWIFT) build
RELEASE := .build/release

.PHONY: help run build release test check format bench bench-dispatcher bench-addresses bench-queue fuzz soak demo clean setup interop

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up, build, make an instance if there is none, run it in the foreground
	@scripts/setup
	@$(MAKE) --no-print-directory release
	@scripts/run-instance $(RELEASE) $(INSTANCE) $(DOMAIN)

setup: ## install the missing system packages
	@scripts/setup --tests

build: ## debug build
	$(BUILD)

release: ## release build
	$(BUILD) -c release --static-swift-stdlib

test: ## every test: units, simulations, end to end against real peers
	@scripts/setup --tests
	@scripts/test

interop: ## mail both ways with Postfix, Exim and OpenSMTPD, into Dovecot by LMTP; ONLY=exim,dovecot for some
	@scripts/setup --interop
	@$(BUILD)
	@scripts/interop .build/debug $(if $(ONLY),--only $(ONLY))

check: ## format, warnings as errors, floors of modules, scripts
	@scripts/setup
	@scripts/check

format: ## rewrite the sources in the house format
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Package.swift

bench: ## Martlet and Postfix side by side, with TLS and by size too, then the Dispatcher
	@scripts/setup --bench
	@$(MAKE) --no-print-directory release
	@Benchmarks/compare-with-postfix
	@Benchmarks/submission
	@Benchmarks/dispatcher
	@$(MAKE) --no-print-directory bench-addresses
	@$(MAKE) --no-print-directory bench-queue

bench-dispatcher: ## the Dispatcher's hand-off beside a pair of C programs, idle sessions, PORT_ACCESS
	@scripts/setup
	@$(MAKE) --no-print-directory release
	@Benchmarks/dispatcher

bench-addresses: ## rates of rewriting, mapping tables and loading a large configuration
	@MARTLET_TOOLS=1 $(BUILD) -c release --static-swift-stdlib --product address_policy
	@$(RELEASE)/address_policy

bench-queue: ## appending to the spool beside a C program, a million messages, a thousand hosts
	@scripts/setup --bench
	@$(MAKE) --no-print-directory release
	@MARTLET_TOOLS=1 $(BUILD) -c release --static-swift-stdlib --product queue_load
	@Benchmarks/queue

fuzz: ## random inputs for every parser, SECONDS=600 for all together, TARGET=name for one
	@MARTLET_TOOLS=1 $(BUILD) -c release --product fuzz --scratch-path .build/fuzz -Xswiftc -enable-testing
	@.build/fuzz/release/fuzz $(SECONDS) $(TARGET)

soak: ## kill -9, failing system calls, full disks and UPGRADES=100 upgrades under load, many seeds of the simulations
	@scripts/setup --tests
	@$(MAKE) --no-print-directory release
	@scripts/soak --faults 120 --full --spool-seeds 100000 --pool-seeds 2000 --upgrades $(UPGRADES)

demo: ## start an instance, send a message through it, show it arriving, stop
	@scripts/setup --tests
	@$(MAKE) --no-print-directory release
	@scripts/demo $(RELEASE)

clean: ## remove what was built
	rm -rf .build
