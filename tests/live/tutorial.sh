#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/tutorial.md and docs/lecture.md, word by word, on a host that has carrel where `make install` puts it.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/installed.sh"
. "$(dirname "$0")/../lib/docs.sh"

# localhost is the stage's sshd, which takes keys from homes.
page_host() {
	host_users
	host_keys
	host_sshd_config | sed 's,^AuthorizedKeysFile .*,AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2,' \
		>$STAGE/keys/sshd_config
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	pam_stack sshd bare
	install -d -m 0700 /root/.ssh
	printf 'Host localhost\n  HostName 127.0.0.1\n  Port %s\n  BatchMode yes\n  LogLevel ERROR\n  HostKeyAlias stage\n' \
		"$PORT_ROOM" >/root/.ssh/config
	echo "stage $(cut -d' ' -f1,2 $STAGE/keys/host.pub)" >/root/.ssh/known_hosts
	install -d -m 0755 /etc/carrel
	syslog_start
	sshd_room_start
}

# What a reader waits for without being told.
after() { # BLOCK
	case $(<"$1") in
	*"ssh -f "*) poll 20 eval 'carrelctl list alice | grep -q students' ;;
	esac
}

check_tutorial() {
	doc_run "$STAGE/data/tutorial.md" tutorial after
	is "nobody's room is left" "$(poll 20 eval '[ -z "$(carrelctl list | tail -n +2)" ]'; carrelctl list | tail -n +2)" ""
}

# On the host that the tutorial leaves.
check_lecture() {
	doc_run "$STAGE/data/lecture.md" tutorial
}

page_host
carrel_install
needs check_lecture check_tutorial
run_cases "$@" -- check_tutorial check_lecture
tap_done
