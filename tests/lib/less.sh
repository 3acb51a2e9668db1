# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# An sshd on the stage that has less than the others: a system call, a capability, a place.

PORT=2300
SANDBOXED=

# with COMMAND...: an sshd that this starts, instead of the one before
with() {
	[ -z "$SANDBOXED" ] || kill "$SANDBOXED"
	PORT=$((PORT + 1))
	"$@" /usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -p $PORT -o ListenAddress=127.0.0.1:$PORT 2>$STAGE_LOG/sandboxed </dev/null &
	SANDBOXED=$!
	poll 10 port_open $PORT || die "no sshd: $(tail -n 1 $STAGE_LOG/sandboxed)"
	log_mark
}

# mounts COMMANDS: run where they change nobody else's
mounts() {
	with unshare -m sh -c "mount --make-rslave /; $1; exec \"\$@\"" -
}

as() { # USER COMMAND
	s -p $PORT "$1@room" "$2" </dev/null 2>&1
}

refused() { # NAME CODE REGEX-OF-THE-LOG [USER]
	like "$1: refused" "$(as "${4-ana}" 'echo in')" "code $2"
	check "$1: and the log says why" poll 5 log_since "$3"
}
