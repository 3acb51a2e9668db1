# SPDX-License-Identifier: Apache-2.0
# Where carrel can be built: other C libraries, compilers, flags and Debians than this host's.

.PHONY: check-old
check-old: ## compiles with a C library as old as glibc 2.34: own words for pidfds and mounts
	tests/builds/old.sh $(BUILD) $(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS)
