# SPDX-License-Identifier: Apache-2.0
# Live tests and the demo: real sshd, su, sudo, login and cron on a stage of namespaces (tests/lib/stage.sh).

LIVE_LIB := $(BUILD)/tests/lib/probe $(BUILD)/tests/lib/syslogd $(BUILD)/tests/lib/app $(BUILD)/tests/lib/enosys \
	$(BUILD)/tests/lib/mta $(BUILD)/tests/lib/call32
LIVE_TOOLS := $(LIVE_LIB) $(BUILD)/tests/fault/inject $(BUILD)/tests/fault/mark.so

$(LIVE_LIB): $(BUILD)/tests/lib/%: $(BUILD)/obj/tests/lib/%.o
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $< $(LIVE_LIBS) $(LDFLAGS)

$(BUILD)/tests/lib/app: LIVE_LIBS := -lpam
$(BUILD)/tests/lib/enosys: LIVE_LIBS := -lseccomp

# Packages may be missing before make can even find out about the compiler: hence the second make.
.PHONY: demo
demo: ## (root) a private sshd, two users, what a bare and a carrel login see
	@tests/lib/deps.sh --demo
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(LIVE_TOOLS)
	@CARREL_BUILD=$(BUILD) tests/live/demo.sh

# TESTS="doors share" runs only these.
.PHONY: check-live
check-live: all $(LIVE_TOOLS) ## (root) live suites: TESTS="doors why:told,operator", see docs/testing.md
	CARREL_BUILD=$(BUILD) tests/live/run.sh $(TESTS)

# What the live test "matrix" finds becomes the table of docs/policies.md.
.PHONY: policies-table
policies-table: all $(LIVE_TOOLS) ## (root) writes the table of docs/policies.md anew
	CARREL_TABLE=1 CARREL_BUILD=$(BUILD) tests/live/matrix.sh >$(BUILD)/matrix.out
	{ sed '/measured: begin/q' docs/policies.md; sed -n 's/^table: //p' $(BUILD)/matrix.out; \
		sed -n '/measured: end/,$$p' docs/policies.md; } >$(BUILD)/policies.md
	cp $(BUILD)/policies.md docs/policies.md

# Foreign clients and OpenSSH's own tests: their packages are needed for nothing else, and they take minutes.
.PHONY: check-clients clients-table
check-clients: all $(LIVE_TOOLS) ## (root) SSH clients other than OpenSSH's, and OpenSSH's own tests
	tests/lib/deps.sh --clients
	CARREL_BUILD=$(BUILD) tests/live/run.sh clients regress

clients-table: all $(LIVE_TOOLS) ## (root) writes the table of docs/testing.md anew
	CARREL_TABLE=1 CARREL_BUILD=$(BUILD) tests/live/clients.sh >$(BUILD)/clients.out
	{ sed '/clients: begin/q' docs/testing.md; sed -n 's/^table: //p' $(BUILD)/clients.out; \
		sed -n '/clients: end/,$$p' docs/testing.md; } >$(BUILD)/testing.md
	cp $(BUILD)/testing.md docs/testing.md

# What the live test "forwards" finds becomes the table of docs/network.md.
.PHONY: network-table
network-table: all $(LIVE_TOOLS) ## (root) writes the table of docs/network.md anew
	CARREL_TABLE=1 CARREL_BUILD=$(BUILD) tests/live/forwards.sh table >$(BUILD)/forwards.out
	{ sed '/forwards: begin/q' docs/network.md; sed -n 's/^table forwards: //p' $(BUILD)/forwards.out; \
		sed -n '/forwards: end/,$$p' docs/network.md; } >$(BUILD)/network.md
	cp $(BUILD)/network.md docs/network.md

# The same without carrel: what is marked [O] must be red.
.PHONY: check-control
check-control: $(LIVE_TOOLS) ## (root) the same without carrel: what is marked [O] must be red
	CARREL_BUILD=$(BUILD) tests/live/control.sh

# A shell on the stage, to look around.
.PHONY: stage
stage: all $(LIVE_TOOLS) ## (root) a shell on the stage of the live suites
	CARREL_BUILD=$(BUILD) tests/live/play.sh

# What the live test "ambient" finds becomes the tables of docs/capabilities.md.
.PHONY: capabilities-table
capabilities-table: all $(LIVE_TOOLS) ## (root) writes the tables of docs/capabilities.md anew
	CARREL_TABLE=1 CARREL_BUILD=$(BUILD) tests/live/ambient.sh doors policies pamcap >$(BUILD)/ambient.out
	awk -v found=$(BUILD)/ambient.out '/: end -->$$/ { skip = 0 } !skip { print } /: begin -->$$/ { skip = 1; name = "table " $$2 " "; \
		while ((getline line < found) > 0) if (index(line, name) == 1) print substr(line, length(name) + 1); close(found) }' \
		docs/capabilities.md >$(BUILD)/capabilities.md
	cp $(BUILD)/capabilities.md docs/capabilities.md
