# Forge. `make` lists the targets. Variables: PG_CONFIG (which server), DESTDIR (for packaging), SWIFT_FLAGS.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# The newest installed server with development files. Looked up when used, for `deps` may have to install it first.
PG_CONFIG ?= $(shell scripts/pg.sh default)
pg = $(shell "$(PG_CONFIG)" --$(1))
MAJOR = $(shell "$(PG_CONFIG)" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
EXTENSION_BUILD = .build-ext-$(MAJOR)
SWIFT_FLAGS ?=
RELEASE = swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error $(SWIFT_FLAGS)
TEST_SERVERS = 15 18

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

demo: build  ## real data to predictions in SQL, on a private cluster
	@demo/run

clean-demo:  ## stop the demo's private cluster and remove it with its data
	@if [ -x .build/release/forgectl ]; then .build/release/forgectl uninstall --purge --yes; fi
	rm -rf demo/data

test: deps-test build  ## every test, on PostgreSQL 15 and 18
	@scripts/test.sh $(TEST_SERVERS)

build: deps  ## forgectl and forged in .build/release/, and the extension for PG_CONFIG's server
	@$(RELEASE) --product forged
	@$(RELEASE) --product forgectl
	@$(MAKE) --no-print-directory stage

# The headers are reached through a link, so that two servers of one version (the machine's, the tests') share a build.
extension: deps  ## the extension for PG_CONFIG's server, in .build-ext-MAJOR/release/libforge.so
	@mkdir -p $(EXTENSION_BUILD) && ln -sfn $(call pg,includedir-server) $(EXTENSION_BUILD)/server
	@FORGE_EXTENSION=1 swift build -c release --product forge --scratch-path $(EXTENSION_BUILD) \
	  --explicit-target-dependency-import-check error $(SWIFT_FLAGS) \
	  -Xswiftc -static-stdlib -Xcc -isystem -Xcc $(CURDIR)/$(EXTENSION_BUILD)/server

install: extension  ## install the extension into PG_CONFIG's server: library, control file and SQL, nothing else
	install -d "$(DESTDIR)$(call pg,pkglibdir)" "$(DESTDIR)$(call pg,sharedir)/extension"
	install -m 755 $(EXTENSION_BUILD)/release/libforge.so "$(DESTDIR)$(call pg,pkglibdir)/forge.so"
	install -m 644 sql/extension/forge.control sql/extension/forge--*.sql "$(DESTDIR)$(call pg,sharedir)/extension/"

# libxgboost.so looks for its libgomp in ../../xgboost_cpu.libs: hence a folder of their own, not /usr/local.
PREFIX ?= /opt/forge
install-programs: build  ## install forgectl and forged below PREFIX (/opt/forge), with XGBoost's library beside them
	install -d $(addprefix "$(DESTDIR)$(PREFIX)"/,bin lib/forge xgboost_cpu.libs)
	install -m 755 .build/release/forgectl .build/release/forged "$(DESTDIR)$(PREFIX)/bin/"
	install -m 755 .deps/xgboost/xgboost/lib/libxgboost.so "$(DESTDIR)$(PREFIX)/lib/forge/"
	install -m 755 .deps/xgboost/xgboost_cpu.libs/* "$(DESTDIR)$(PREFIX)/xgboost_cpu.libs/"

# What `forgectl up` copies into the private server.
stage:
	@$(MAKE) --no-print-directory -s install DESTDIR=$(CURDIR)/$(EXTENSION_BUILD)/stage

bench: build  ## Forge beside its peers, in the same run; ARGS="--rows 100000" for less
	@Benchmarks/bench.sh $(ARGS)

bench-quality: build  ## each algorithm beside its peer on real data; ARGS="--only ridge --seeds 2" for less
	@Benchmarks/bench.sh quality.py $(ARGS)

generate: deps  ## write sql/code/algorithms.sql and 29_preprocess_rules.sql again, from the trainer
	@FORGE_WRITE_GENERATED=1 swift test --filter InSQLAreThoseOf

fuzz: deps  ## feed damaged artifacts to the decoder under the address sanitizer
	@scripts/fuzz.sh

deps:
	@scripts/deps.sh
deps-test:
	@scripts/deps.sh test

clean:  ## remove what was built; fetched dependencies and the demo's cluster stay
	rm -rf .build .build-ext-* .build-fuzz

.PHONY: help demo clean-demo test build extension install install-programs stage bench bench-quality generate fuzz deps deps-test clean
