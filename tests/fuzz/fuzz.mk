# SPDX-License-Identifier: Apache-2.0
# make fuzz [FUZZ_SECONDS=20]: each tests/fuzz/fuzz_*.c for that long with clang's libFuzzer, ASan and UBSan. Seeds are
# the golden files and tests/fuzz/seeds/NAME; what is found new stays under build/fuzz. make check-fuzz: a few seconds
# each, as a part of the whole check.
FUZZ_SECONDS ?= 20
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
FUZZ_CC := clang -g -O1 $(CSTD) $(CPPFLAGS) -fno-sanitize-recover=all
# All that the targets may need, once; a target takes from the archive what it has not itself.
FUZZ_LIB_SRC := $(LAYER_SRC) $(filter-out helper/main.c,$(HELPER_SRC)) helper/keeper/wishes.c
FUZZ_LIB := $(BUILD)/fuzz/libfuzzed.a
FUZZ_SEEDS_fuzz_load := tests/golden/policy
FUZZ_SEEDS_fuzz_why := tests/golden/why
FUZZ_SEEDS_fuzz_calls := conf
FUZZ_FLAGS_fuzz_marks := -Wl,--wrap=fgetxattr
FUZZ_FLAGS_fuzz_supervise := -Wl,--wrap=poll,--wrap=crl_sandbox_sleep,--wrap=crl_leave,--wrap=crl_end_room,--wrap=crl_recording_write

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo FUZZ-CC $<)
	$(Q)$(FUZZ_CC) -MMD -MP -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$(FUZZ_LIB): $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(FUZZ_LIB_SRC))
	$(Q)rm -f $@ && ar rcsP $@ $^

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/records.h $(FUZZ_LIB)
	$(if $(V),,@echo FUZZ-LD $@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $(FUZZ_FLAGS_$(@F)) -o $@ $< $(FUZZ_LIB) -lseccomp -lconfig -lcap -lpam

-include $(patsubst %.c,$(BUILD)/fuzz/obj/%.d,$(FUZZ_LIB_SRC))

# run_fuzz SECONDS: one after the other; the log of one that fails is shown.
define run_fuzz
	@set -e; for f in $(FUZZ_BIN); do \
		n=$${f##*/}; mkdir -p $(BUILD)/fuzz/corpus/$$n; seeds=; \
		case $$n in fuzz_load) seeds=$(FUZZ_SEEDS_fuzz_load) ;; fuzz_why) seeds=$(FUZZ_SEEDS_fuzz_why) ;; \
			fuzz_calls) seeds=$(FUZZ_SEEDS_fuzz_calls) ;; esac; \
		[ ! -d tests/fuzz/seeds/$$n ] || seeds="$$seeds tests/fuzz/seeds/$$n"; \
		echo "$$n: $(1) s"; \
		$$f -max_total_time=$(1) -max_len=8192 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus/$$n $$seeds > $(BUILD)/fuzz/$$n.log 2>&1 || \
			{ tail -n 40 $(BUILD)/fuzz/$$n.log; exit 1; }; \
		grep -E "number_of_executed_units|peak_rss" $(BUILD)/fuzz/$$n.log; \
	done
endef

.PHONY: fuzz check-fuzz
fuzz: $(FUZZ_BIN) ## each fuzz target for FUZZ_SECONDS=20
	$(call run_fuzz,$(FUZZ_SECONDS))

check-fuzz: $(FUZZ_BIN) ## each fuzz target for some seconds
	$(call run_fuzz,6)
