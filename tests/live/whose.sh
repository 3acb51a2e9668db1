#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A room is for the one for whom it was made: not for the next user of his uid, nor for himself with another home or group.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

CTL="$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --state $STATE_DIR"
UID_OF_BOTH=4242

# One policy for all, whose rooms wait for an hour: real homes, or what is said.
lingering() { # [HOME]
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { policy = "p"; } );
	policies = { p = { share = "user"; linger = "1h"; on_close = "keep"; home = { ${1-mode = \"real\";} };
	  network = { mode = "none"; }; features = { limits = "prefer"; }; }; };
	END
}

new_user() { # NAME GROUP
	useradd -M -N -u $UID_OF_BOTH -g "$2" -s /bin/bash "$1" && install -d -m 700 -o $UID_OF_BOTH -g "$2" "/home/$1"
}

by() { # USER COMMAND
	timeout $((30 * CARREL_PATIENCE)) su "$1" -s /bin/sh -c "$2" </dev/null 2>&1
}

rooms() {
	find $STATE_DIR/rooms -name "*.room" | wc -l
}

rooms_are() {
	[ "$(rooms)" -eq "$1" ]
}

end_rooms() {
	local p
	for p in $(helper_pids init); do
		kill -9 "$p"
	done
	poll 10 rooms_are 0
}

reused_uid() { # HOME NAME
	lingering "$1"
	new_user dead lab
	is "$2: the first user leaves a room that waits" "$(by dead 'cd; echo secret | tee mine /tmp/mine; chmod 600 mine /tmp/mine')" \
		secret
	check "$2: it does" poll 5 rooms_are 1
	userdel -f dead
	rm -rf /home/dead
	new_user next lab
	is "$2: the next one of his uid is at home" "$(by next 'cd && id -un && pwd')" $'next\n/home/next'
	is "[O] $2: and sees nothing of the first one's" "$(by next 'cat /home/dead/mine /tmp/mine 2>/dev/null; ls /home')" next
	check "$2: since his room is another" poll 5 rooms_are 2
	like "$2: the first one's is listed as his" "$(cat $STATE_DIR/rooms/*.room)" '^user=dead'
	check_visit "$2"
	[ "$2" = "real home" ] || check_same_name
	userdel -f next
	rm -rf /home/next
	end_rooms
}

room_of() { # USER
	basename "$(grep -l "^user=$1\$" $STATE_DIR/rooms/*.room)" .room
}

id_of() { # USER
	sed -n 's/^room=//p' "$STATE_DIR/rooms/$(room_of "$1").room"
}

visit() { # ID COMMAND
	$CTL enter --unrestricted "$1" -- sh -c "$2" </dev/null 2>&1
}

# What runs there would be taken for the next one's, by the operator and by the log.
check_visit() { # NAME
	like "[O] $1: the operator is not led into it as the next one" "$(visit "$(id_of dead)" 'id -un; cat /tmp/mine')" \
		'^carrelctl enter: room [a-z0-9]+ was made for user dead, uid 4242, who is not that any more: carrelctl kill ends it$'
	is "$1: but into the next one's own" "$(visit "$(id_of next)" 'id -un')" next
}

# A digest may be the same for two: then the room's own supervisor says no.
check_same_name() {
	local dead next
	dead=$(room_of dead)
	next=$(room_of next)
	kill -9 "$(sed -n 's/^init=//p' "$STATE_DIR/rooms/$next.room")"
	poll 10 test ! -e "$STATE_DIR/rooms/$next.sock"
	mv "$STATE_DIR/rooms/$dead.sock" "$STATE_DIR/rooms/$next.sock"
	log_mark
	is "[O] a room of the same name that is another's takes nobody in" "$(by next 'cat /tmp/mine' | grep -c secret)" 0
	like "and says so" "$(log_since refused)" 'stage=STATE errno=EPERM: the room of that name was made for another user, home or group'
}

# What became of the first one's processes is told to nobody else.
check_reused_records() {
	lingering
	new_user dead lab
	hold dead dead@room
	$CTL kill dead >/dev/null
	hold_end dead
	check "what was done to the first user is on record" poll 10 grep -q ' killed ' "$STATE_DIR/why/$UID_OF_BOTH"-*
	userdel -f dead
	new_user next lab
	is "[O] the next one of his uid is not told" \
		"$(timeout $((30 * CARREL_PATIENCE)) ssh -tt -F $STAGE/ssh/config next@room <<<exit 2>&1 |
		grep -c 'carrel: your login')" 0
	is "the operator still reads whose it was" "$($CTL why next | awk '/killed/ { print $3, $4 }' | tr -d : | grep -c dead)" 1
	userdel -f next
	rm -rf /home/dead /home/next $STATE_DIR/why
	end_rooms
}

# keeps: helper/whose R1
check_changes() {
	local old
	lingering
	is "a second login comes into the room that waits" "$(by bob 'cat /run/carrel-room')" "$(by bob 'cat /run/carrel-room')"
	check "there is one" poll 5 rooms_are 1
	usermod -d /home/bob2 bob
	install -d -m 700 -o bob -g staff /home/bob2
	is "[O] after usermod -d the user is at home" "$(by bob 'cd; pwd; touch here; ls /home')" $'/home/bob2\nbob2'
	check "in a new room" poll 5 rooms_are 2
	old=$(basename "$(grep -l '^home=/home/bob$' $STATE_DIR/rooms/*.room)")
	old=$(sed -n 's/^room=//p' "$STATE_DIR/rooms/$old")
	like "the operator who visits the old one is told" "$(visit "$old" true)" \
		'have changed since room .* was made, which has /home/bob and'
	is "and is there as it was" "$(visit "$old" 'pwd; echo $HOME' | tail -n 2)" $'/home/bob\n/home/bob'
	usermod -d /home/bob bob
	is "and back in the old one" "$(by bob 'cd; pwd')" /home/bob
	check "which is there still" poll 5 rooms_are 2
	usermod -g lab bob
	is "[O] with another primary group" "$(by bob 'stat -c %G /run/user/$(id -u)')" lab
	usermod -g staff bob
	end_rooms
	# From a backup: the same path, another directory.
	is "a home" "$(by bob 'cd; echo old >file; cat file')" old
	mv /home/bob /home/bob.old
	install -d -m 700 -o bob -g staff /home/bob
	echo new >/home/bob/file
	is "[O] that another was put in place of is that one" "$(by bob 'cd; cat file')" new
	rm -rf /home/bob
	mv /home/bob.old /home/bob
	end_rooms
}

check_real_home() {
	reused_uid 'mode = "real";' "real home"
}

# keeps: ctl/act/enter R5, helper/whose R2
check_tmpfs_home() {
	reused_uid 'mode = "tmpfs"; size = "16M";' "tmpfs home"
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR # of the room whose socket was taken
}

host_start
room bob true
settle
before=$(census)
run_cases "$@" -- check_real_home check_tmpfs_home check_reused_records check_changes
host_config
rm -rf /home/bob2
same_census "nothing is left behind" "$before"
tap_done
