#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A file system whose server takes questions and answers none, so that who asks cannot even be killed: what an operator asks
# has its answer all the same, and is told what hangs. Nothing here is timed: without the guards the commands do not end.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
CARREL_MODULE_ARGS=timeout=$((2 * CARREL_PATIENCE)) # a login on a slow machine is no login that hangs
. "$(dirname "$0")/../lib/ctl.sh"

STORE=/root/store # the stage's own

# hang PLACE USER [PID]: it hangs, as that process sees it
hang() {
	rm -f "$STAGE/drop/ready"
	python3 "$STAGE_PY/hangfs.py" "$1" "$(id -u "$2")" "$STAGE/drop/ready" "${@:3}" >"$STAGE_LOG/hangfs" 2>&1 &
	HANGS=$!
	poll 20 test -e "$STAGE/drop/ready" || cat "$STAGE_LOG/hangfs"
}

# What waited gets an error then.
hang_end() { # PLACE [COMMAND...]
	kill "$HANGS"
	wait "$HANGS" 2>/dev/null
	"${@:2}" umount -l "$1"
}

ends() { # COMMAND...: its output, by file; 124 = it does not end
	"$@" >"$STAGE_LOG/answer" 2>&1 &
	local pid=$!
	poll 40 eval '[ ! -d /proc/$pid ] || grep -q "^State:.Z" /proc/$pid/status' || {
		cat /proc/$pid/stack >&2 # where it waits, for who has to find out
		kill -KILL $pid
		return 124
	}
	wait $pid
}

ctl_ends() {
	ends "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" --state "$STATE_DIR" \
		--pam-dir "$STAGE/pam.test" "$@"
}

# keeps: ctl/look/held R2
check_rooms() {
	local init inside
	hold one ana@room
	init=$(ctl show ana --json | json 'd["init"]')
	inside="nsenter -t $init -m"
	hang /dev/shm ana "$init"
	check "a place in a room hangs" ends_not $inside stat /dev/shm/x
	ctl_ends list
	is "list ends" $? 0
	like "and has the login" "$(cat "$STAGE_LOG/answer")" ' ana '
	ctl_ends show ana
	is "so does show" $? 0
	ctl_ends metrics
	is "and metrics" $? 0
	kill "$HANGS"
	hold_end one
	settle
}

# It has to hang, or nothing is shown here. Who asks is left to the end of the server.
ends_not() {
	"$@" >/dev/null 2>&1 &
	poll 10 grep -qx "took $!" "$STAGE_LOG/hangfs" # what no server has taken yet can be taken back
	kill -KILL $!
	disown $!
	poll 10 grep -q '^State:.D' "/proc/$!/status"
}

check_store() {
	install -d -m 700 $STORE
	host_config "store = \"$STORE\";"
	ctl status --no-check --json | json '[x["what"] for x in d if x["topic"] == "store"]' >"$STAGE_LOG/store"
	like "a store that answers" "$(cat "$STAGE_LOG/store")" 'free'
	hang $STORE ana
	check "the store hangs" ends_not stat $STORE/x
	ctl_ends status --no-check
	is "status ends" $? 1
	like "and says why" "$(cat "$STAGE_LOG/answer")" "store +look +$STORE: it does not answer"
	ctl_ends metrics
	is "metrics end, too" $? 0
	unlike "without numbers of it" "$(cat "$STAGE_LOG/answer")" '^carrel_store_size'
	hang_end $STORE
	host_config
}

# keeps: base/child R2. keeps: ctl/host/answers R1 R2
check_home() {
	local sum
	hang /home/ana ana
	check "a home hangs" ends_not stat /home/ana/x
	ctl_ends check --no-rehearse --all
	check "check ends" test $? -lt 124
	like "and says what does not answer" "$(cat "$STAGE_LOG/answer")" '/home/ana.*does not answer'
	sum=$(grep -c 'hang in the kernel' "$STAGE_LOG/answer")
	is "and that something of its own hangs there" "$sum" 1
	hang_end /home/ana
	poll 20 eval '! grep -q "^State:.D" /proc/[0-9]*/status 2>/dev/null'
	ctl_ends check --no-rehearse --all
	unlike "not any more, when it is gone" "$(cat "$STAGE_LOG/answer")" 'does not answer|hang in the kernel'
}

# A home that hangs is the helper's to wait for, and it cannot be killed either. No sshd: that looks into homes before.
check_login() {
	hang /home/bob bob
	ctl_ends rehearse bob --service sshd
	like "the login is refused in time" "$(cat "$STAGE_LOG/answer")" 'HELPER|HOME'
	is "another gets in" "$(room ana 'echo in')" in
	ctl_ends check --no-rehearse --all
	like "and its helper is named" "$(cat "$STAGE_LOG/answer")" 'hang in the kernel:[1-9]'
	like "by its name" "$(grep -l '^State:.D' /proc/[0-9]*/status | xargs grep -h '^Name:')" 'carrel-helper'
	hang_end /home/bob
	check "it goes with what it waits for" poll 20 rooms_gone
	is "and the user gets in" "$(room bob 'echo in')" in
	rooms_end bob
}

host_start
room ana true
settle
run_cases "$@" -- check_rooms check_store check_home check_login
tap_done
