#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manager "systemd" with a systemd that does not answer: a login may wait for it, but never a close or who is in already.
# A script stands for carrel-bus, and does with the stage's cgroups what systemd would.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

C=/sys/fs/cgroup
SILENT=$STAGE/silent # while it is there, nothing is heard of a room's own processes
NOT_NOW=$STAGE/not-now # holds the exit status with which a login's scope is refused
HOUSE_NOT_NOW=$STAGE/house-not-now # the same for a room's own processes, once
ASKED=$STAGE/asked # a line for each question for a login's scope

# The manager looks at the usual place.
[ "$(stat -f -c %T $C)" = cgroup2fs ] || mount --bind "$(cgroup_root)" $C
cat >$STAGE_LIB/carrel-bus <<END
#!/bin/bash
[ "\$1" = scope ] || exit 0
case \$2 in
carrel-room-*)
	[ ! -e $SILENT ] || exec sleep 1000
	status=\$(cat $HOUSE_NOT_NOW 2>/dev/null) && rm $HOUSE_NOT_NOW
	;;
*)
	echo "\$2" >>$ASKED
	status=\$(cat $NOT_NOW 2>/dev/null)
	;;
esac
if [ -n "\$status" ]; then
	echo "\$2: Transaction for \$2/start is destructive (\$3 has 'stop' job queued, but 'start' is included in transaction)." >&2
	exit \$status
fi
case \$3 in
user-*) dir=$C/user.slice/\$3/\$2 ;;
*) dir=$C/\$3/\$2 ;;
esac
mkdir -p "\$dir"
shift 4
for pid; do
	echo "\$pid" >"\$dir/cgroup.procs" || exit 3
done
END
chmod 755 $STAGE_LIB/carrel-bus

supervisor_scope() {
	poll 10 one_supervisor
	sed -n 's/^0:://p' "/proc/$(helper_pids supervisor)/cgroup"
}

all_gone() {
	poll 20 rooms_gone
}

check_scopes() {
	check "a login" hold one bob@room
	like "is in a scope of its user's slice" "$(cat "/proc/$(monitor_pids bob)/cgroup")" \
		'^0::/user.slice/user-[0-9]+.slice/carrel-[a-z0-9]+.scope$'
	like "its supervisor is in one of carrel.slice when it is in" "$(supervisor_scope)" '^/carrel.slice/carrel-room-[a-z0-9]+.scope$'
	is "and init with it" "$(sed -n 's/^0:://p' "/proc/$(helper_pids init)/cgroup")" "$(supervisor_scope)"
	hold_end one
	check "the room ends" all_gone
}

check_no_answer() {
	touch $SILENT
	log_mark
	check "without an answer for the room's own processes a login gets in" hold one bob@room
	unlike "its supervisor is not where its user's limits hold" "$(supervisor_scope)" '^/user.slice/'
	check "and a second one" hold two bob@room
	is "into the same room" "$(hold_ask one 'cat /run/carrel-room')" "$(hold_ask two 'cat /run/carrel-room')"
	check "nobody asks any more" poll 10 eval '! pgrep -x carrel-bus && ! pgrep -f "sleep 1000"'
	hold_end two
	is "the first goes on" "$(hold_ask one 'echo alive')" alive
	hold_end one
	check "the room ends" all_gone
	is "a login of its own, too" "$(room ana 'echo in')" in
	check "and its room" all_gone
	unlike "each close had its answer" "$(log_since)" 'no answer'
	like "the log says what was not done" "$(log_since)" "stay where they began"
	rm $SILENT
}

set_limit() {
	mkdir -p "${DROPIN%/*}"
	: >"$DROPIN"
}

one_left() {
	poll 20 one_supervisor
}

# Limits stay as long as a room needs them, whatever is on record of it.
# keeps: helper/parts/systemd_limits R2
check_limits() {
	UNIT=user-$(id -u ana).slice
	DROPIN=/run/systemd/system.control/$UNIT.d/50-TasksMax.conf
	set_limit
	check "a room" hold one ana@room
	check "and another of the same user" hold two ana@room
	id=$(hold_ask one 'head -n 1 /run/carrel-room')
	check "the first has no record any more" rm "$STATE_DIR/rooms/$id.room"
	hold_end two
	check "the other ends" one_left
	check "the first one's limits stay" test -e $DROPIN
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	check "whoever sweeps" test -e $DROPIN
	hold_end one
	check "the last room ends" all_gone
	check "and takes them along" test ! -e $DROPIN
	is "and the locks" "$(ls $STATE_DIR/rooms | grep -E 'used|limits')" ""
	set_limit
	record_by_hand() {
		printf 'version=1\nroom=abcdefgh\npolicy=p\nslice=user.slice/%s\n' "$UNIT"
		printf 'supervisor=%d %s\ninit=1\n' "$SSHD_ROOM" "$(awk '{ print $22 }' "/proc/$SSHD_ROOM/stat")"
		printf 'uid=%d\nadopt=7f e3 0 0 1 1 0\nfilter=\n' "$(id -u ana)"
		printf 'login=abcdefgh %d 0 1 since=1 user=u service=s tty= rhost=\n' "$(id -u ana)"
	}
	check "a room of a version that held no lock" eval 'record_by_hand >$STATE_DIR/rooms/abcdefgh.room'
	is "a login beside it" "$(room ana 'echo in')" in
	check "ends" all_gone
	check "the other's limits stay" test -e $DROPIN
	rm $STATE_DIR/rooms/abcdefgh.room
	: >$STATE_DIR/rooms/used-user-77.lock
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	check "until nobody is on record, either" test ! -e $DROPIN
	is "and no lock is left" "$(ls $STATE_DIR/rooms)" ""
}

# The user's slice is just being stopped: a login waits for that, as long as it may.
asked() { # COUNT at least
	[ "$(wc -l <$ASKED)" -ge "$1" ]
}

check_asked_again() {
	EAGAIN=11 EEXIST=17
	echo $EAGAIN >$NOT_NOW
	: >$ASKED
	log_mark
	su ana -s /bin/sh -c 'echo in' </dev/null >$STAGE_LOG/su 2>&1 &
	login=$!
	check "what systemd refuses for now is asked again" poll 20 asked 3
	rm $NOT_NOW
	wait $login
	is "and the login gets in" "$(cat $STAGE_LOG/su)" in
	is "as one and the same scope" "$(sort -u $ASKED | wc -l)" 1
	unlike "without an error in the log" "$(log_since)" 'destructive'
	check "and its room ends" all_gone
	echo $EAGAIN >$HOUSE_NOT_NOW
	check "a room's own processes are asked for again, too" hold one bob@room
	check "the answer was taken" test ! -e $HOUSE_NOT_NOW
	like "and they are where they belong" "$(supervisor_scope)" '^/carrel.slice/carrel-room-'
	hold_end one
	check "the room ends" all_gone
	echo $EAGAIN >$NOT_NOW
	: >$ASKED
	log_mark
	unlike "for ever is too long: the login is refused" "$(room ana 'echo in')" '^in$'
	check "after more than one question" asked 3
	like "and the log has systemd's words" "$(log_since)" 'refused user=ana .*destructive'
	echo $EEXIST >$NOT_NOW
	: >$ASKED
	unlike "whatever else systemd says is its last word" "$(room ana 'echo in')" '^in$'
	is "and is asked once" "$(wc -l <$ASKED)" 1
	rm $NOT_NOW
	check "nobody asks any more" poll 10 eval '! pgrep -x carrel-bus'
	check "nothing runs on" all_gone
}

# Whoever is killed while systemd is asked takes the question along.
check_killed() {
	touch $SILENT
	su ana -s /bin/sh -c 'echo in' </dev/null >$STAGE_LOG/su 2>&1 &
	login=$!
	check "somebody asks" poll 20 pgrep -f "sleep 1000"
	kill -9 $(helper_pids supervisor)
	wait $login
	unlike "its helper is killed: the login is refused" "$(cat $STAGE_LOG/su)" '^in$'
	check "and nobody asks any more" poll 10 eval '! pgrep -f "sleep 1000"'
	check "nothing runs on" all_gone
	rm $SILENT
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	is "and nothing is left of it" "$(ls $STATE_DIR/rooms)" ""
	is "the next login works" "$(room ana 'echo in')" in
	check "and ends" all_gone
}

host_start
host_config 'cgroup = { manager = "systemd"; };'
sed -i 's/features = { limits = "prefer"; };/features = { limits = "off"; };/' /etc/carrel/carrel.conf
needs check_asked_again check_scopes
run_cases "$@" -- check_scopes check_no_answer check_limits check_asked_again check_killed
find $C/user.slice $C/carrel.slice -depth -type d -exec rmdir {} + 2>/dev/null
tap_done
