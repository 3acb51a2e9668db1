#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: plain
# Rooms with a user namespace of their own on Debian's kernel: the live suite's cases, with its programs and packages.
. "$(dirname "$0")/../qemu.sh"
. "$(dirname "$0")/../../lib/tap.sh"
GUEST_LIMIT=2300
# OWN="kept crash" names others: under emulation each takes minutes.
[ $# -gt 0 ] || set -- ${OWN:-inside root_mode packages refused setns apart kept crash}
guest 'pkill -KILL -x carrel-init; for u in ana cara bob dora gus bea nora; do userdel -r $u; done >/dev/null 2>&1
	sed -i /pam_carrel/d /etc/pam.d/*; :' # what earlier suites of this boot have left
guest "cd /opt/guest && CARREL_GUEST=1 CARREL_PATIENCE=12 TERM=xterm CARREL_BUILD=/opt/guest/build \
	tests/live/run.sh own:$(IFS=,; echo "$*")" </dev/null
