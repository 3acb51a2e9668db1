#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# The repository's live suites once more that depend on the kernel, its controllers and its security modules. What is
# left out: carrelctl's screens, documents and configurations, which are the same on every kernel.
. "$(dirname "$0")/../qemu.sh"
GUEST_LIMIT=2300
# LIVE="crash ctl" names others: under emulation each takes minutes.
[ $# -gt 0 ] || set -- ${LIVE:-inside hostsafe}
guest 'pkill -KILL -x carrel-init; for u in ana cara bob gus bea nora; do userdel -r $u; done >/dev/null 2>&1
	sed -i /pam_carrel/d /etc/pam.d/*; :' # what earlier suites of this boot have left
guest "cd /opt/guest && CARREL_GUEST=1 CARREL_PATIENCE=12 CARREL_BULK=16777216 TERM=xterm CARREL_MUST_WORK=1 \
	CARREL_MODULE_ARGS=timeout=120 CARREL_BUILD=/opt/guest/build tests/live/run.sh $*" </dev/null
