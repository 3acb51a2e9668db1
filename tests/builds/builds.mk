# SPDX-License-Identifier: Apache-2.0
# Where carrel can be built: other C libraries, compilers, flags and Debians than this host's.

.PHONY: check-old
check-old: ## compiles with a C library as old as glibc 2.34: own words for pidfds and mounts
	tests/builds/old.sh $(BUILD) $(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS)

# What make is without these cannot tell: minutes for each tree and each build, so never part of check.
.PHONY: check-builds unit live-c
live-c: $(LIVE_BIN) ## (within) the programs of check-live-c, not run
unit: $(UNIT_BIN) ## (within) the programs of check-unit, not run
check-builds: ## (root) other compilers, Debians, flags, arm64, musl: NAMES="arm64 sid-" (tests/builds/builds.sh --list), UNIT=no
	@UNIT=$(UNIT) tests/builds/builds.sh $(BUILD) $(NAMES)

.PHONY: check-musl
check-musl: ## (within) compiles with musl's headers: needs musl-gcc
	tests/builds/musl.sh $(BUILD) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS)
