# SPDX-License-Identifier: Apache-2.0
# Live tests and the demo: real sshd, su, sudo, login and cron on a stage of namespaces (tests/lib/stage.sh).

LIVE_LIB := $(BUILD)/tests/lib/probe $(BUILD)/tests/lib/syslogd $(BUILD)/tests/lib/app $(BUILD)/tests/lib/enosys
LIVE_TOOLS := $(LIVE_LIB) $(BUILD)/tests/fault/inject $(BUILD)/tests/fault/mark.so

$(LIVE_LIB): $(BUILD)/tests/lib/%: $(BUILD)/obj/tests/lib/%.o
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $< $(LIVE_LIBS) $(LDFLAGS)

$(BUILD)/tests/lib/app: LIVE_LIBS := -lpam
$(BUILD)/tests/lib/enosys: LIVE_LIBS := -lseccomp

# Packages may be missing before make can even find out about the compiler: hence the second make.
.PHONY: demo
demo:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(LIVE_TOOLS)
	@CARREL_BUILD=$(BUILD) tests/live/demo.sh

# TESTS="doors share" runs only these.
.PHONY: check-live
check-live: all $(LIVE_TOOLS)
	CARREL_BUILD=$(BUILD) tests/live/run.sh $(TESTS)

# What the live test "matrix" finds becomes the table of docs/policies.md.
.PHONY: policies-table
policies-table: all $(LIVE_TOOLS)
	CARREL_TABLE=1 CARREL_BUILD=$(BUILD) tests/live/matrix.sh >$(BUILD)/matrix.out
	{ sed '/measured: begin/q' docs/policies.md; sed -n 's/^table: //p' $(BUILD)/matrix.out; \
		sed -n '/measured: end/,$$p' docs/policies.md; } >$(BUILD)/policies.md
	cp $(BUILD)/policies.md docs/policies.md

# The same without carrel: what is marked [O] must be red.
.PHONY: check-control
check-control: $(LIVE_TOOLS)
	CARREL_BUILD=$(BUILD) tests/live/control.sh

# A shell on the stage, to look around.
.PHONY: stage
stage: all $(LIVE_TOOLS)
	CARREL_BUILD=$(BUILD) tests/live/play.sh
