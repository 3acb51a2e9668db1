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

$(BUILD)/tests/bench/traffic: tests/bench/traffic.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE -static -o $@ $<

# floor.c is compiled by bench.sh, against what a trace on this host shows.
.PHONY: bench bench-run
bench: ## (root) what a login costs: BENCH_ROUNDS=50 for a quick look
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) bench-run bench-homes bench-filters bench-nets

bench-run: all $(BUILD)/tests/bench/driver $(BUILD)/tests/bench/payload ## (root) bench, with its packages there
	@CARREL_BUILD=$(BUILD) CC='$(CC)' tests/bench/bench.sh

.PHONY: bench-homes
bench-homes: all $(BUILD)/tests/bench/driver $(BUILD)/tests/bench/payload ## (root) of bench, what copies on write: BENCH_PART=10 for a tenth of the work
	@CARREL_BUILD=$(BUILD) tests/bench/homes.sh

.PHONY: bench-homes-table
bench-homes-table: ## figures of the last bench-homes into docs/performance.md
	@CARREL_BUILD=$(BUILD) tests/bench/homes.sh --table

BENCH_FILTERS_OBJ := $(patsubst %,$(BUILD)/obj/tests/bench/%.o,filters filters_peers)

$(BUILD)/tests/bench/filters: $(BENCH_FILTERS_OBJ) $(CTL_LIB)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $(BENCH_FILTERS_OBJ) $(CTL_LIB) $(LIBS_CORE) -lcmocka $(LDFLAGS)

.PHONY: bench-filters
bench-filters: $(BUILD)/tests/bench/filters ## what filters cost, beside Docker's and firejail's: BENCH_ROUNDS=5 for a quick look
	@$< $(or $(BENCH_ROUNDS),41) >$(BUILD)/bench-filters.tsv && column -ts "$$(printf '\t')" $(BUILD)/bench-filters.tsv

.PHONY: bench-filters-table
bench-filters-table: ## figures of the last bench-filters into docs/performance.md
	@awk -f tests/bench/filters_table.awk $(BUILD)/bench-filters.tsv docs/performance.md >$(BUILD)/performance.md && \
		cp $(BUILD)/performance.md docs/performance.md

.PHONY: bench-nets
bench-nets: all $(BUILD)/tests/bench/driver $(BUILD)/tests/bench/payload $(BUILD)/tests/bench/traffic ## (root) of bench, logins that are watched and networks: BENCH_ROUNDS=20 for a quick look
	@CARREL_BUILD=$(BUILD) tests/bench/nets.sh

.PHONY: bench-nets-table
bench-nets-table: ## figures of the last bench-nets into docs/performance.md
	@CARREL_BUILD=$(BUILD) tests/bench/nets.sh --table
