# SPDX-License-Identifier: Apache-2.0
# check-guest: a real Debian system in QEMU, booted with systemd or without. SUITES="smoke limits" runs only these;
# GUEST=trixie is Debian 13 instead of 12, with carrel built there.

# Spelt out: this file is read before tests/live/live.mk.
GUEST_TOOLS := $(BUILD)/tests/lib/probe $(BUILD)/tests/lib/syslogd $(BUILD)/tests/lib/app \
	$(BUILD)/tests/fault/inject $(BUILD)/tests/fault/mark.so
GUEST_TOOLS += $(BUILD)/tests/lib/enosys $(BUILD)/tests/live/plan/test_filter_oracle \
	$(patsubst %,$(BUILD)/tests/live/store/test_%,entry form gc)

export GUEST

.PHONY: check-guest guest-run guest-tools guest-shell guest-image
check-guest: ## (root) suites in a Debian of their own: SUITES="smoke limits:written,cpu", BOOT=plain, GUEST=trixie
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) guest-run

guest-tools: $(GUEST_TOOLS) ## (within) what guests need of the tests' programs

# Packages take a minute or two to build: for those who run the suite that has them.
GUEST_DEBS = $(if $(filter plain,$(BOOT)),,$(if $(or $(if $(SUITES),,all),$(filter package package:% ansible ansible:%,$(SUITES))),$(DEB_READY)))
GUEST_LIVE = $(if $(SUITES)$(filter plain,$(BOOT)),,$(LIVE_BIN))
guest-run: all $(GUEST_TOOLS) $(GUEST_DEBS) $(GUEST_LIVE) ## (root) check-guest, with its packages there
	CARREL_BUILD=$(BUILD) tests/guest/run.sh $(SUITES)

# Those suites of the whole check that have a guest of their own, once there is a processor for it.
GUEST_LAST := package live

# What Debian 13 has otherwise, in minutes: its OpenSSH, PAM, systemd and kernel under what this host has built, as a package
# for several releases would be.
GUEST_TRIXIE := smoke:system,login,service,records,unit manager:logind,own_scope
.PHONY: guest-trixie
guest-trixie: all $(GUEST_TOOLS) ## (within) a short set of check-guest on Debian 13, without building there
	GUEST=trixie GUEST_NATIVE=no BOOT=systemd SUITES_AGAIN=1 CARREL_BUILD=$(BUILD) tests/guest/run.sh $(GUEST_TRIXIE)

# A root shell in a guest that ends with it. BOOT=plain: without systemd.
guest-shell: ## (root) a root shell in a guest: BOOT=plain for one without systemd
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(GUEST_TOOLS)
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --shell $(BOOT)

guest-image: ## (root) builds the guest's image, if it is not there
	@tests/lib/deps.sh
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --image
