# SPDX-License-Identifier: Apache-2.0
# make fuzz [FUZZ_SECONDS=20]: each tests/fuzz/fuzz_*.c for that long with clang's libFuzzer, ASan and UBSan. Seeds are
# the golden files; what is found new stays under build/fuzz.
FUZZ_SECONDS ?= 20
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
FUZZ_LIB := $(PROTO_SRC) $(wildcard src/base/*.c src/policy/*.c) src/plan/counts.c src/state/why.c src/state/why_text.c \
	src/state/kernlog.c src/ctl/pamstack.c
FUZZ_SEEDS_fuzz_load := tests/golden/policy
FUZZ_SEEDS_fuzz_why := tests/golden/why

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_LIB) $(wildcard src/proto/*.h src/base/*.h src/policy/*.h)
	@mkdir -p $(@D)
	clang -g -O1 $(CSTD) $(CPPFLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $< \
		$(FUZZ_LIB) -lconfig -lcap

.PHONY: fuzz
fuzz: $(FUZZ_BIN)
	@set -e; for f in $(FUZZ_BIN); do \
		n=$${f##*/}; mkdir -p $(BUILD)/fuzz/corpus/$$n; seeds=; \
		case $$n in fuzz_load) seeds=$(FUZZ_SEEDS_fuzz_load) ;; fuzz_why) seeds=$(FUZZ_SEEDS_fuzz_why) ;; esac; \
		echo "$$n: $(FUZZ_SECONDS) s"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus/$$n $$seeds > $(BUILD)/fuzz/$$n.log 2>&1 || \
			{ tail -n 40 $(BUILD)/fuzz/$$n.log; exit 1; }; \
		grep -E "number_of_executed_units|peak_rss" $(BUILD)/fuzz/$$n.log; \
	done
