# SPDX-License-Identifier: Apache-2.0
# check-guest: a real Debian 12 system in QEMU, booted with systemd or without. SUITES="smoke limits" runs only these.

.PHONY: check-guest guest-run guest-shell guest-image
check-guest:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) guest-run

guest-run: all $(LIVE_TOOLS)
	CARREL_BUILD=$(BUILD) tests/guest/run.sh $(SUITES)

# A root shell in a guest that ends with it. BOOT=plain: without systemd.
guest-shell:
	@tests/lib/deps.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(LIVE_TOOLS)
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --shell $(BOOT)

guest-image:
	@tests/lib/deps.sh
	@CARREL_BUILD=$(BUILD) tests/guest/run.sh --image
