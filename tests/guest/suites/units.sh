#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Unit tests and live C tests on the guest's kernel: but for `made`, when named. With GUEST=trixie-arm64 what qemu-user, which
# check-builds runs unit tests by, cannot answer: filters, descriptors, /proc of its own.
. "$(dirname "$0")/../suite.sh"

repo=$(cd "$(dirname "$0")/../../.." && pwd -P)

# into_guest PROGRAM...: below the build directory
into_guest() {
	tar -C "$GUEST_BUILD" -cf - "$@" | gzip -1 | guest 'tar -xzf - -C /opt/guest/build'
}

# Each is a check; one that skips says why.
run_all() { # PROGRAM...
	local program said
	into_guest "$@" || return 1
	for program; do
		if said=$(guest "cd /opt/guest && CARREL_PATIENCE=30 timeout 900 build/$program 2>&1" </dev/null); then
			ok "${program#tests/}"
			grep -a 'skipped: \|not asked: \|^this kernel' <<<"$said" | sort -u | sed 's/^/#   /'
		else
			not_ok "${program#tests/}" "$(grep -aE 'ERROR|LINE|FAILED' <<<"$said")"
		fi
	done
}

# of_sources FILE...: their programs
of_sources() {
	local source
	for source; do
		echo "${source%.c}"
	done
}

# Those that skip something where a kernel, or what stands for one, is not as it should be.
may_skip() {
	(cd "$repo" && grep -lE 'skip\(\)|tests/unit/kernel\.h|is_asked\(' tests/unit/*/test_*.c)
}

check_kernel() {
	run_all $(of_sources $(may_skip))
}

check_rest() {
	run_all $(of_sources $(cd "$repo" && ls tests/unit/*/test_*.c | grep -vxF "$(may_skip)"))
}

# Root's, of what is made for a room: its filters, its mounts, its limits.
check_live() {
	run_all $(of_sources $(cd "$repo" && ls tests/live/*/test_*.c))
}

# In each whole run: what a host's kernel lets be made, which need not be what the one of a developer's machine does.
check_made() {
	run_all $(of_sources $(cd "$repo" && ls tests/live/apply/test_*.c))
}

check "sources" eval 'tar -C "$repo" -cf - src helper pam_module Makefile README.md | gzip -1 | guest "tar -xzf - -C /opt/guest"'
run_cases "$@" -- check_kernel check_rest check_live check_made
tap_done
