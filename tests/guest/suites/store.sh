#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What keeps homes, on file systems with project quotas and with the kernel of a Debian: the live C tests of the store.
. "$(dirname "$0")/../suite.sh"

PROGRAMS=/opt/guest/build/tests/live/store

# The directory that the tests use is a file system with project quotas.
quota_fs() {
	guest 'bash -s' <<-'END'
		truncate -s 2G /var/quota.img && mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota /var/quota.img &&
			mount -o loop,prjquota /var/quota.img /tmp && chmod 1777 /tmp
	END
}

passes() { # PROGRAM [TEST]
	like "$*" "$(guest "ONLY='${2-*}' $PROGRAMS/$1 2>&1" | grep -vE '^\[ (RUN| +OK)' | tr -s '\n ' ' ')" 'PASSED . [0-9]+ test.s.. *$'
}

# What fails each system call in its turn takes too long here, and asks the kernel nothing that it was not asked before.
check_ext4() {
	local test
	check "a file system with project quotas" quota_fs
	for test in plain refused one_device full grow damaged project; do
		passes test_form "test_$test"
	done
	passes test_gc
}

check_left() {
	guest 'umount /tmp; rm -f /var/quota.img'
	is "no device is left" "$(guest 'losetup -nO BACK-FILE | grep -c carrel-unit')" 0
}

run_cases "$@" -- check_ext4 check_left
tap_done
