# make extension PG_CONFIG=…   forge.so for that server, in .build-ext-MAJOR/release/libforge.so
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
SERVER_INCLUDE ?= $(shell $(PG_CONFIG) --includedir-server)
MAJOR := $(shell $(PG_CONFIG) --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
EXTENSION_BUILD = .build-ext-$(MAJOR)

deps:
	scripts/deps.sh

extension: deps
	FORGE_EXTENSION=1 swift build -c release --product forge --scratch-path $(EXTENSION_BUILD) -Xswiftc -static-stdlib \
	  -Xcc -isystem -Xcc $(SERVER_INCLUDE)

.PHONY: deps extension

test: deps
	scripts/deps.sh test
	swift build --build-tests
	swift test --skip-build
.PHONY: test
