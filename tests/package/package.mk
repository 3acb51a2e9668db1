# SPDX-License-Identifier: Apache-2.0
# The Debian package where no systemd runs: in a tree of its own, which is made from mirrors, so never part of check.

.PHONY: check-package
check-package: $(DEB_READY) ## (root) the Debian package in a tree without a running systemd: autopkgtests, maintainer scripts
	tests/package/package.sh $(BUILD) $(CASES)
