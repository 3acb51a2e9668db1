#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each system call of module, helper, supervisor and init fails once, or the process is killed there, while a login comes
# and goes; and each of carrelctl's while a configuration is tried and confirmed. After each: the room was whole, or the
# user got nothing, and nothing is left once the sweep has run; the configuration that counts is one of the two.
# Environment: FAULT_EVERY=N every N-th call only (1 = all, which takes three quarters of an hour), FAULT_SEED=N which of them,
# FAULT_ROLES="module init" only these. Cases are scenes: fault:own,join
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

FAULT_EVERY=${FAULT_EVERY:-15}
FAULT_SEED=${FAULT_SEED:-$((RANDOM % FAULT_EVERY))}
FAULTS=(5 12 24 28 4 kill) # EIO ENOMEM EMFILE ENOSPC EINTR
WORK=$STAGE/fault
WAITS=$((2 * CARREL_PATIENCE)) # seconds that the module waits: none in vain but where something died or does not answer
LIMIT=$((4 * WAITS)) # for a login
declare -A shots whole refused

# su, with marks around carrel's lines.
fault_stack() {
	{
		echo 'auth sufficient pam_rootok.so'
		echo 'account required pam_unix.so'
		echo "session optional $STAGE/bin/mark.so 1"
		carrel_line close
		echo "session optional $STAGE/bin/mark.so 0"
		echo 'session required pam_unix.so'
		echo "session optional $STAGE/bin/mark.so 1"
		carrel_line open
		echo "session optional $STAGE/bin/mark.so 0"
	} >/etc/pam.d/su
}

# What a login is made of, as the user sees it. Ends with its last line, or was no whole login.
write_portrait() {
	cat >"$STAGE/bin/portrait" <<-'P'
		#!/bin/bash
		for n in mnt pid uts ipc net cgroup time user; do echo "$n $(readlink /proc/self/ns/$n)"; done
		grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status
		sed 's/login-[a-z0-9]*/login-X/' /proc/self/cgroup
		[ ! -e ~/kept ] || cat ~/kept
		uname -n; ls /home /run; grep -c . /proc/self/mountinfo; cut -d' ' -f5,6 /proc/self/mountinfo | sort
		echo whole
	P
	chmod 0755 "$STAGE/bin/portrait"
}

# The room's namespaces differ each time: "own" or the host's.
portrait_plain() {
	sed -E "s/^(mnt|pid|uts|ipc|net|cgroup|time|user) (.*)/\1 \2/; $(for n in mnt pid uts ipc net cgroup time user; do
		echo "s|^$n $(readlink /proc/self/ns/$n)\$|$n host|;"; done) s/ [a-z_]+:\[[0-9]+\]\$/ own/"
}

# Everything that could be left, in few processes: this runs a thousand times.
remains() {
	echo "$(helper_pids supervisor | sort | xargs) $(helper_pids init | sort | xargs)"
	cat /proc/self/mountinfo
	find "$(cgroup_root)" -type d 2>/dev/null | sort
	find "$STATE_DIR" -mindepth 1 -not -path "$STATE_DIR/cache*" -not -path "$STATE_DIR/why*" -not -name '*.lock' \
		-not -path "$STATE_DIR/shown" -not -path "$STATE_DIR/errands" -not -path "$STATE_DIR/errand" \
		-not -path "$STATE_DIR/errand/socket" -not -name swept -not -path "$STATE_DIR/seats*" 2>/dev/null | sort
	pgrep -u ana,dora | sort | xargs
	who | wc -l
}

remains_are() {
	[ "$(remains)" = "$1" ]
}

# The sweep may be due more than once: what a process that is just dying holds is the next one's.
swept_to() {
	"$STAGE_LIB/carrel-helper" --sweep --state "$STATE_DIR" >/dev/null 2>&1
	remains_are "$1"
}

login_under() { # ROLE N FAULT USER
	timeout -k 2 "$LIMIT" "$STAGE/bin/inject" "$1" "$2" "$3" "$WORK/report" /bin/su -s "$STAGE/bin/portrait" "$4" \
		</dev/null 2>"$WORK/err" | portrait_plain >"$WORK/got"
}

# shot SCENE USER ROLE N FAULT: one login with one fault, and what came of it
shot() {
	local what="$1: call $4 of $3, fault $5"
	login_under "$3" "$4" "$5" "$2"
	[ -s "$WORK/report" ] && grep -q '^hit' "$WORK/report" || return 0 # this time there were fewer calls
	shots[$1]=$((${shots[$1]:-0} + 1))
	what="$what ($(sed -n 's/^hit [a-z]* [0-9]* \([0-9]*\).*/number \1/p' "$WORK/report"))"
	if cmp -s "$WORK/got" "$WORK/want.$1"; then
		whole[$1]=$((${whole[$1]:-0} + 1))
	elif [ ! -s "$WORK/got" ]; then
		refused[$1]=$((${refused[$1]:-0} + 1))
	elif head -c "$(stat -c %s "$WORK/got")" "$WORK/want.$1" | cmp -s - "$WORK/got"; then
		refused[$1]=$((${refused[$1]:-0} + 1)) # it was whole, and ended early
	else
		not_ok "$what: the room is whole or nobody is in it" "$(diff "$WORK/want.$1" "$WORK/got" | head -n 20)"
	fi
	if ! poll 8 swept_to "$before"; then
		not_ok "$what: nothing is left" "$(diff <(echo "$before") <(remains) | head -n 20)"
		tidy "$2"
	fi
}

# After a failure the next shots shall not see what is left of it.
tidy() {
	pkill -KILL -u "$1"
	poll 5 swept_to "$before" || before=$(remains)
}

# shots SCENE USER: as many as the stride says, of each role
shots_of() {
	local role n calls fault=$FAULT_SEED
	login_under helper 0 0 "$2"
	cp "$WORK/report" "$WORK/counts.$1"
	poll 8 swept_to "$before"
	for role in ${FAULT_ROLES:-helper init other module}; do
		calls=$(sed -n "s/^count $role //p" "$WORK/counts.$1")
		for ((n = 1 + FAULT_SEED % FAULT_EVERY; n <= calls; n += FAULT_EVERY)); do
			if [ "$FAULT_EVERY" -eq 1 ]; then
				shot "$1" "$2" $role $n "${FAULTS[n % 5]}"
				shot "$1" "$2" $role $n kill
			else
				fault=$((fault + 1))
				shot "$1" "$2" $role $n "${FAULTS[fault % 6]}"
			fi
		done
	done
	ok "$1: $(sed -n 's/^count //p' "$WORK/counts.$1" | grep -v program | paste -sd, |
		sed "s/,/, /g") calls; ${shots[$1]:-0} faults: ${whole[$1]:-0} whole rooms, ${refused[$1]:-0} refusals or early ends"
}

scene_login() { # SCENE USER
	poll 10 eval 'swept_to "$(remains)"' # what it compares with is of after the sweep before, which makes directories, too
	before=$(remains)
	for _ in 1 2; do
		login_under helper 0 0 "$2"
		poll 8 swept_to "$before"
	done
	cp "$WORK/got" "$WORK/want.$1"
	is "$1: without a fault the room is whole" "$(tail -n 1 "$WORK/want.$1")" whole
	shots_of "$1" "$2"
	is "$1: the next login is as ever" "$(login_under helper 0 0 "$2"; diff "$WORK/want.$1" "$WORK/got")" ""
	poll 8 swept_to "$before"
}

check_own() {
	scene_login own ana
}

check_shared() {
	scene_login shared dora
}

check_join() {
	hold holder dora@room
	scene_login join dora
	is "join: the login that was there all the time still is" "$(hold_ask holder 'echo here')" here
	hold_end holder
	poll 10 user_gone dora
}

# A home that is kept, with a snapshot below its upper, and a keeper.
check_kept() {
	host_config "store = \"$STAGE/store\";"
	sed -i 's/home = { mode = "overlay"; size = "64M"; };/home = { mode = "overlay"; upper = "persistent"; quota = "none"; };/' \
		/etc/carrel/carrel.conf
	login_under helper 0 0 ana
	poll 20 user_gone ana
	echo 'what was kept' >$STAGE/kept
	install -o ana -g "$(id -g ana)" -m 600 $STAGE/kept "$STAGE/store/home/$(id -u ana)/data/up/kept"
	check "kept: a snapshot" poll 10 ctl home ana snapshot one
	scene_login kept ana
	is "kept: what was kept is there" "$(grep -c 'what was kept' "$WORK/got")" 1
	is "kept: and all that was frozen" "$(ctl home ana snapshots --json | json '[x["snapshot"] for x in d]')" "['one']"
	host_config
}

# One command of carrelctl with a fault; then what counts is the old or the new, whole, and a trial can be ended.
trial_shot() { # N FAULT COMMAND...
	local n=$1 fault=$2
	shift 2
	timeout -k 2 "$LIMIT" "$STAGE/bin/inject" program "$n" "$fault" "$WORK/report" "$STAGE_LIB/carrelctl" \
		--config /etc/carrel/carrel.conf --state "$STATE_DIR" "$@" </dev/null >"$WORK/out" 2>&1
	grep -q '^hit' "$WORK/report" || return 1
	shots[trial]=$((${shots[trial]:-0} + 1))
}

trial_is_sound() {
	[[ "$(room ana 'hostname')" =~ ^ana-(room|tried)$ ]]
}

check_trial() {
	local n calls command fault=$FAULT_SEED old new
	old=$(cat /etc/carrel/carrel.conf)
	new=${old//%u-room/%u-tried}
	for command in try confirm; do
		reset_trial
		echo "$new" >"$WORK/new.conf"
		[ $command = try ] || ctl try "$WORK/new.conf" >/dev/null
		trial_run 0 0 $command
		calls=$(sed -n 's/^count program //p' "$WORK/report")
		for ((n = 1 + FAULT_SEED % FAULT_EVERY; n <= calls; n += FAULT_EVERY)); do
			fault=$((fault + 1))
			reset_trial
			[ $command = try ] || ctl try "$WORK/new.conf" >/dev/null
			trial_run $n "${FAULTS[fault % 6]}" $command || continue
			check "trial: $command, call $n, fault ${FAULTS[fault % 6]}: one of the two counts, and logins go on" trial_is_sound
		done
	done
	reset_trial
	is "trial: all is as before" "$(room ana hostname)" ana-room
	ok "trial: ${shots[trial]:-0} faults"
}

trial_run() { # N FAULT try|confirm
	if [ "$3" = try ]; then
		trial_shot "$1" "$2" try "$WORK/new.conf"
	else
		trial_shot "$1" "$2" confirm
	fi
}

reset_trial() {
	ctl try --cancel >/dev/null 2>&1
	rm -rf /etc/carrel/trial
	host_config
}

CARREL_MODULE_ARGS=timeout=$WAITS
host_start
mkdir -p "$WORK"
write_portrait
fault_stack
echo "# every ${FAULT_EVERY}th call from the $((1 + FAULT_SEED % FAULT_EVERY))th on: FAULT_EVERY=$FAULT_EVERY FAULT_SEED=$FAULT_SEED"
run_cases "$@" -- check_own check_shared check_join check_kept check_trial
tap_done
