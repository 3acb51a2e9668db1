# SPDX-License-Identifier: Apache-2.0
# make bench: what a login costs, beside the same work without carrel (docs/performance.md). The table, and
# $(BUILD)/bench.tsv. BENCH_ROUNDS=50 is a quick look.

BENCH_DRIVER_OBJ := $(patsubst %,$(BUILD)/obj/tests/bench/%.o,driver run_pam run_floor run_tool)

$(BUILD)/tests/bench/driver: $(BENCH_DRIVER_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $^ -lpam $(LDFLAGS)

$(BUILD)/tests/bench/payload: tests/bench/payload.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -static -o $@ $<

# floor.c is compiled by bench.sh, against what a trace on this host shows.
.PHONY: bench bench-run
bench:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) bench-run

bench-run: all $(BUILD)/tests/bench/driver $(BUILD)/tests/bench/payload
	@CARREL_BUILD=$(BUILD) CC='$(CC)' tests/bench/bench.sh
