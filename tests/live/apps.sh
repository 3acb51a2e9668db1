#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Applications that open more than one session: whoever holds a room is no way into it for somebody else.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

APP=$STAGE/bin/app
HOLDS='refused: user=ana .*stage=CALLER.*this process holds the room of another login'

# Three policies that leave power: with a PID namespace, without one, and without any.
powers() {
	local open='share = "login"; capabilities = { trim = false; }; no_new_privs = false; seccomp = { base = ""; };
	    features = { limits = "off"; cgroup = "off"; time = "off"; seccomp = "off"; };'
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = (
	  { service = "nopid"; policy = "nopid"; },
	  { service = "norooms"; policy = "norooms"; },
	  { policy = "power"; }
	);
	policies = {
	  power = { $open };
	  nopid = { $open namespaces = [ "mount", "uts" ]; network = { mode = "host"; }; };
	  norooms = { $open namespaces = [ ]; root = { hide = [ ]; run = [ ]; }; network = { mode = "host"; }; };
	};
	END
}

app() {
	timeout $((60 * CARREL_PATIENCE)) $APP "$@" 2>&1 </dev/null
}

# says NAME WANTED SERVICE STEP...
says() {
	local name=$1 wanted=$2
	shift 2
	log_mark
	is "$name" "$(app "$@")" "$wanted"
}

check_second_user() {
	says "[O] two handles at once: the second user is refused" $'open bob ok\nopen ana refused\nclose bob ok\nin /' \
		app start:bob start:ana use:0 open use:1 open use:0 close cd:/ pwd
	like "and the log says why" "$(log_since .)" "$HOLDS"
	says "[O] no close before: refused" $'open bob ok\nend ok\nopen ana refused' app start:bob open end start:ana open
	like "and the log says why" "$(log_since .)" "$HOLDS"
	says "[O] another user on the same handle: refused" $'open bob ok\nopen ana refused' app start:bob open user:ana open
	like "and the log says why" "$(log_since .)" "$HOLDS"
	says "[O] its descriptors closed: refused" $'open bob ok\nclose bob ok\nend ok\nopen ana refused' \
		app start:bob open shut close end start:ana open
	like "and the log says why" "$(log_since .)" "$HOLDS"
	like "and who could not be closed" "$(log_since 'close:')" 'close: user=bob uid=[0-9]+ room=[a-z0-9]+ login=[a-z0-9]+: not this'
	says "[O] a fork of it: refused" $'open bob ok\nopen ana refused' app start:bob open fork start:ana open
	like "and the log says why" "$(log_since .)" "$HOLDS"
	says "[O] root and break-glass are no other" $'open bob ok\nopen root refused\nopen bea refused' \
		app start:bob open start:root open start:bea open
	says "more than one thread: refused" 'open bob refused' app start:bob thread open
	like "and the log says why" "$(log_since refused)" 'stage=CALLER.*has 2 threads'
}

# The room of bob stands already, so that a helper without power would be asked to join it.
check_one_after_another() {
	hold chain bob@room
	says "[O] one after the other: refused at once, and nobody comes into bob's room" \
		$'open bob ok\nclose bob ok\nend ok\nopen bob refused\nend ok\nopen ana refused' \
		app start:bob open close end start:bob open end start:ana open
	is "and the log says why, twice" \
		"$(log_since refused: | grep -c 'pam_carrel.*this process had a room before and has given up its power')" 2
	unlike "no helper was asked" "$(log_since .)" 'stage=(HELPER|NAMESPACE|ADOPT)|stays in a room that failed'
	hold_end chain
}

# The helper works on, and cannot know that its module has failed unless it hangs up.
check_failure_of_the_module() {
	log_mark
	is "a module that fails by itself refuses" "$(app app start:bob 'run:mount -t tmpfs none /proc/$PPID/ns' open)" 'open bob refused'
	like "and says why" "$(log_since refused)" 'pam_carrel.*stage=ADOPT errno=ENOENT: cannot open the [a-z]+ namespace of the host'
	same_census "nothing of that login is left" "$before"
}

# A unit that leaves out what a room takes: told by its name.
check_unit_without_power() {
	log_mark
	is "a service without CAP_SYS_ADMIN is refused" "$(timeout $((60 * CARREL_PATIENCE)) setpriv --bounding-set=-sys_admin \
		$APP app start:ana open 2>&1 </dev/null)" 'open ana refused'
	check "and the log says what it lacks" poll 10 eval \
		'log_since refused | grep -q "stage=CALLER errno=EPERM: the application.s bounding set has no CAP_SYS_ADMIN"'
}

# Who goes on in the process itself. A direct child of this script has process 1 for a parent, as a unit's has.
check_works_on() {
	local name=$STAGE/bin/'(unit)'
	cp $APP "$name"
	log_mark
	"$name" app start:bob open >$STAGE/unit 2>&1 </dev/null
	is "systemd's process that becomes a unit's program is refused" "$(cat $STAGE/unit)" 'open bob refused'
	like "and the log says why" "$(log_since refused)" 'stage=CALLER.*systemd is about to run a unit.s program'
	is "a name alone is no reason" "$(timeout 60 "$name" app start:bob open close 2>&1)" $'open bob ok\nclose bob ok'
	mv "$name" $STAGE/bin/smbd
	log_mark
	is "an application that is known to work on is refused" "$($STAGE/bin/smbd app start:bob open 2>&1)" 'open bob refused'
	like "and named" "$(log_since refused)" 'stage=CALLER.*smbd works on in the process'
	powers
	is "but not where it keeps the host's processes" "$($STAGE/bin/smbd nopid start:bob open close 2>&1)" $'open bob ok\nclose bob ok'
	host_config
	rm $STAGE/bin/smbd $STAGE/unit
	same_census "nothing of those logins is left" "$before"
}

check_directory() {
	says "[O] the application comes back to its directory, which the room has not" \
		$'in /home/ana\nopen bob ok\nin /home/bob\nclose bob ok\nin /home/ana' app cd:/home/ana pwd start:bob open pwd close pwd
	install -d -o ana -g students /home/ana/spot
	(poll 20 test -e /home/bob/in; mv /home/ana/spot /home/ana/moved; ln -s /etc /home/ana/spot; touch /home/bob/planted) &
	says "[O] to that directory, and not to what has taken its name" $'open bob ok\nclose bob ok\nin /' app cd:/home/ana/spot \
		start:bob open "by:bob:touch /home/bob/in; while [ ! -e /home/bob/planted ]; do sleep 0.1; done" close pwd
	wait $!
	rm -rf /home/ana/spot /home/ana/moved /home/bob/in /home/bob/planted
}

# within SERVICE: people who become others inside a room that lets them
within() {
	local su="su -s /bin/sh -c" look='sed -n s/^uid=//p /run/carrel-room; ls /home' cara bob
	cara=$(id -u cara)
	says "$1: a session of the same user inside passes" "$(printf 'open cara ok\n%s\ncara\nclose cara ok' "$cara")" \
		"$1" start:cara open "run:$su '$look' cara" close
	like "$1: without a word of another's" "$(log_since 'passed: user=cara')" \
		"owner=$cara: the caller is in a room already and stays there"
	says "$1: one of another user, too, as the policy leaves power" "$(printf 'open cara ok\n%s\ncara\nclose cara ok' "$cara")" \
		"$1" start:cara open "run:$su '$look' bob" close
	like "$1: but never in silence" "$(log_since 'passed: user=bob')" \
		"user=bob uid=[0-9]+ room=[a-z0-9]+ owner=$cara: the caller is in another user's room"
	says "[O] $1: a process that holds the room is refused there as well" $'open cara ok\nopen ana refused' \
		"$1" start:cara open start:ana open
	like "$1: and the log says why" "$(log_since .)" "$HOLDS"
	says "[O] $1: and so is its fork, which has all of its power" $'open cara ok\nopen ana refused' \
		"$1" start:cara open fork start:ana open
	like "$1: and the log says why" "$(log_since .)" "$HOLDS"
	says "$1: one after the other works where no power is given up" \
		"$(printf 'open %s ok\n%s is in the room of %s and sees homes: %s \nclose %s ok\n' cara cara "$cara" cara cara \
			bob bob "$(id -u bob)" bob bob)" \
		"$1" start:cara open as:cara close start:bob open as:bob close
}

# What pam_mount and its like do: said by check, and why.
check_undo() {
	local ctl="$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --pam-dir $STAGE/pam.d" said
	mkdir -p $STAGE/vol
	cat >$STAGE/bin/vol <<-END
	#!/bin/sh
	[ "\$PAM_TYPE" != open_session ] || mount -t tmpfs vol $STAGE/vol
	[ "\$PAM_TYPE" != close_session ] || umount $STAGE/vol
	END
	chmod 0755 $STAGE/bin/vol
	pam_stack vol room
	sed -i "/^session required pam_limits/i session optional pam_exec.so $STAGE/bin/vol" /etc/pam.d/vol
	app vol start:ana open close >/dev/null
	is "a module closes without power: its volume stays" "$(grep -c " $STAGE/vol " /proc/self/mounts)" 1
	umount $STAGE/vol
	mkdir $STAGE/pam.d
	cp /etc/pam.d/vol $STAGE/pam.d/
	said=$($ctl check)
	like "check warns of it" "$said" \
		"warning +$STAGE/pam.d/vol +$(grep -n pam_exec /etc/pam.d/vol | cut -d: -f1) +pam_exec.so undoes at close"
	sed -i 's/pam_exec.so/& type=open_session/; /pam_exec/i session optional /lib/security/pam_mount.so' $STAGE/pam.d/vol
	said=$($ctl check)
	unlike "but not when it is not asked at close" "$said" 'pam_exec.so undoes'
	like "another is known by its name in any directory" "$said" 'pam_mount.so undoes at close, .*volumes stay mounted'
	powers
	unlike "where every policy leaves power, nothing is lost" "$($ctl check)" 'undoes at close'
	host_config
	sed -i '/pam_carrel/d' $STAGE/pam.d/vol
	unlike "nor where carrel is not" "$($ctl check)" 'undoes at close'
	rm -r $STAGE/pam.d $STAGE/vol
}

check_within() {
	powers
	within app
	within nopid
	is "without namespaces there is no room to hold" "$(app norooms start:cara start:bob use:0 open use:1 open close use:0 close)" \
		$'open cara ok\nopen bob ok\nclose bob ok\nclose cara ok'
	host_config
}

host_start
for service in app nopid norooms; do
	pam_stack $service room
done
room bob true
room ana true
settle
before=$(census)
run_cases "$@" -- check_second_user check_one_after_another check_failure_of_the_module check_unit_without_power \
	check_works_on check_directory check_undo check_within
same_census "nothing is left behind" "$before"
tap_done
