# SPDX-License-Identifier: Apache-2.0
# check-guest: a real Debian 12 system in QEMU, booted with systemd or without. SUITES="smoke limits" runs only these.

# Spelt out: this file is read before tests/live/live.mk.
GUEST_TOOLS := $(BUILD)/tests/lib/probe $(BUILD)/tests/lib/syslogd $(BUILD)/tests/lib/app \
	$(BUILD)/tests/fault/inject $(BUILD)/tests/fault/mark.so
GUEST_TOOLS += $(BUILD)/tests/lib/enosys

.PHONY: check-guest guest-run guest-shell guest-image
check-guest:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) guest-run

guest-run: all $(GUEST_TOOLS)
	CARREL_BUILD=$(BUILD) tests/guest/run.sh $(SUITES)

# A root shell in a guest that ends with it. BOOT=plain: without systemd.
guest-shell:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(GUEST_TOOLS)
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --shell $(BOOT)

guest-image:
	@tests/lib/deps.sh
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --image
