#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The keeper of a kept home, at real logins: what the user asks for in their room, what is done at the end of the last one
# for each word of home.at_end, whoever is killed or hurries meanwhile. What it does by itself, against hostile clients
# and at which point, is in tests/live/helper/test_keeper.c.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

STORE=/srv/store
PROGRAM=$STAGE/bin/carrel
HOME_OF=/home/ana
TERMINAL=(timeout "$SSH_LIMIT" script -qec)

# configure AT_END [MORE]: ana's home is kept
configure() {
	host_config "store = \"$STORE\";"
	sed -i "s|home = { mode = \"overlay\"; size = \"64M\"; };|home = { mode = \"overlay\"; upper = \"persistent\"; \
quota = \"none\"; at_end = \"$1\"; ${2-} };|" /etc/carrel/carrel.conf
}

all_is_done() {
	settle && poll 60 eval '[ -z "$(keepers)" ]'
}

data() {
	echo "$STORE/home/$(id -u ana)/data"
}

# in_room COMMAND: one login of ana's
in_room() {
	s ana@room "$1" </dev/null 2>&1
}

# Back to an empty home, and nothing of it in the store.
begin() {
	all_is_done
	rm -rf "$STORE/home" "$HOME_OF"/{.[!.]*,*}
	cp /etc/skel/.profile /etc/skel/.bashrc $HOME_OF/
	echo below >$HOME_OF/below
	chown -R ana:students $HOME_OF
	configure "$@"
}

# What is shown of a home, name by name.
sum_of_home() {
	in_room 'cd && find . -type f -printf "%P %s\n" | sort; find . -type f -print0 | sort -z | xargs -0 cat | sha256sum'
}

# Everything else that there is of users'.
elsewhere() {
	find /home -path $HOME_OF -prune -o -printf '%p %y %u %m %s %T@\n' | sort
	find /etc /srv -path $STORE -prune -o -path $STAGE -prune -o -printf '%p %y %u %m %s\n' | sort | sha256sum
}

# The keeper begins as root's: it has dropped all power when it has its filter, which is the last thing.
confined() {
	grep -q '^Seccomp:.*2' "/proc/$(worker)/status"
}

check_power() {
	local pid status
	begin keep
	hold one ana@room
	check "two processes" poll 10 eval '[ "$(keepers | wc -l)" = 2 ]'
	poll 10 confined
	poll 10 one_supervisor
	pid=$(worker)
	status=$(cat "/proc/$pid/status")
	is "the user's uid, four times" "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' <<<"$status")" \
		"$(printf "%s $(id -u ana) " "" "" "" "" | xargs)"
	is "and gid" "$(awk '/^Gid:/ { print $2, $3, $4, $5 }' <<<"$status")" "$(printf "%s $(id -g ana) " "" "" "" "" | xargs)"
	is "and groups" "$(sed -n 's/^Groups:[[:space:]]*//p' <<<"$status" | xargs -n 1 | sort)" "$(id -G ana | xargs -n 1 | sort)"
	is "no capability in any set" "$(grep '^Cap' <<<"$status" | awk '{ print $2 }' | sort -u)" 0000000000000000
	is "no new ones, and a filter" "$(awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' <<<"$status" | xargs)" "1 2"
	is "of the home, the store and no other place" "$(find "/proc/$pid/fd" -lname '/*' -printf '%l\n' | grep -v '^/dev/null$' |
		grep -vE "^($STORE|/home/ana|/$)" | sort -u)" ""
	is "not in the room's namespaces" "$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/pid")" \
		"$(readlink /proc/self/ns/mnt /proc/self/ns/pid)"
	is "in its supervisor's cgroup" "$(cat "/proc/$pid/cgroup")" "$(cat "/proc/$(helper_pids supervisor)/cgroup")"
	is "carrelctl show names it" "$(ctl show ana --json | json 'd["keeper"]')" "$pid"
	is "it is not in the room's /proc" "$(hold_ask one 'pgrep -f carrel-keeper; ls /proc | grep -cx '"$pid")" 0
	hold_end one
	check "it ends with the room" poll 60 eval '[ -z "$(keepers)" ]'
}

check_asks() {
	begin keep
	hold one ana@room
	hold_ask one "echo new >~/new; echo more >>~/below; mkdir ~/dir; rm ~/.profile" >/dev/null
	is "diff" "$(hold_ask one "$PROGRAM home diff" | awk '{ print $1, $3 }' | grep -v bash_history | xargs)" \
		"deleted .profile changed below added dir added new"
	is "the lower is there, as it was" "$(hold_ask one 'cat /run/carrel/home/lower/below; touch /run/carrel/home/lower/x 2>&1')" \
		"below
touch: cannot touch '/run/carrel/home/lower/x': Read-only file system"
	like "a snapshot is noted" "$(hold_ask one "$PROGRAM home snapshot one; echo \$?")" 'when you have logged out everywhere'
	like "and told" "$(hold_ask one "$PROGRAM home snapshots")" '^one +when you have'
	is "that is a question of the own home alone" "$(hold_ask one "$PROGRAM home snapshot ../../x 2>&1; echo \$?" | tail -n 1)" 2
	hold_end one
	all_is_done
	like "it was made at the end" "$(in_room "$PROGRAM home snapshots")" '^one +2[0-9]{3}-'
	is "and changes nothing of what is shown" "$(in_room 'cat ~/new')" new
	all_is_done
	is "on the host it is told where it is of use" "$(bare ana "$PROGRAM home diff 2>/dev/null; echo \$?")" 3
	like "in words" "$(bare ana "$PROGRAM home diff" 2>&1)" 'this is no room'
	like "a room with its real home" "$(room bob "$PROGRAM home diff; echo \$?" 2>&1)" 'no kept home'
}

# The keeper's words are told in the language of who asks; the list of changes is the same in all.
check_language() {
	local text
	begin keep
	sed -i 's/hostname = "%u-room";/language = "es"; &/' /etc/carrel/carrel.conf
	text=$(in_room "echo 1 >~/new; $PROGRAM home diff; $PROGRAM home snapshot one
		$PROGRAM home snapshot one; $PROGRAM home snapshots")
	like "noted, in Spanish" "$text" '^la instantánea se hará cuando haya cerrado todas sus sesiones$'
	like "a no as well" "$text" '^carrel: esa instantánea ya está anotada para cuando haya cerrado todas sus sesiones$'
	like "and the list" "$text" '^one {21}  cuando haya cerrado todas sus sesiones$'
	like "changes are listed for scripts" "$text" '^added +2B  new$'
	all_is_done
	text=$(in_room "export LC_ALL=de_DE.UTF-8; $PROGRAM home keep; $PROGRAM home snapshots; $PROGRAM home snapshot ../x")
	like "German, who wants it" "$text" '^Ihre Änderungen bleiben erhalten$'
	like "with the snapshot that was made" "$text" '^one {21}  2[0-9]{3}-'
	like "and what is no name" "$text" '^carrel: Der Name eines Schnappschusses hat 1 bis 64 Buchstaben'
	sed -i '1i host_language = "eu";' /etc/carrel/carrel.conf
	like "in a room with its real home, in the host's" "$(room bob "$PROGRAM home diff" 2>&1)" \
		'^carrel: gela honek ez ditu direktorio pertsonaleko aldaketak'
}

check_keep() {
	begin keep 'wishes = false;'
	is "no keeper when nothing is to be done" "$(in_room 'echo 1 >~/new'; keepers)" ""
	all_is_done
	is "what was changed is there again" "$(in_room 'cat ~/new')" 1
	check "and not in the real home" test ! -e $HOME_OF/new
	like "who asks is told" "$(in_room "$PROGRAM home diff; echo \$?")" 'no kept home'
}

check_discard() {
	begin discard
	in_room 'echo 1 >~/new; rm ~/below' >/dev/null
	all_is_done
	is "the next login finds the home as it lies below" "$(in_room 'ls ~')" below
	all_is_done
	in_room "echo 2 >~/new; $PROGRAM home keep" >/dev/null
	all_is_done
	is "but for who wants to keep it, once" "$(in_room 'ls ~' | xargs)" "below new"
	all_is_done
	is "once" "$(in_room 'ls ~')" below
}

check_commit() {
	local before
	begin commit
	before=$(elsewhere)
	in_room 'echo new >~/new; echo changed >~/below; mkdir -p ~/dir/deep; echo 3 >~/dir/deep/file; rm ~/.profile;
		ln -s /etc/passwd ~/link; ln ~/new ~/hard; chmod u+s ~/new' >/dev/null
	all_is_done
	is "changes are in the real home" "$(cat $HOME_OF/new $HOME_OF/below $HOME_OF/dir/deep/file | xargs)" "new changed 3"
	is "what was removed is gone" "$(ls -A $HOME_OF | grep -c '^.profile$')" 0
	is "links are links" "$(readlink $HOME_OF/link)" /etc/passwd
	is "no set-id bit came along" "$(find $HOME_OF -perm /6000)" ""
	is "all of it the user's" "$(find $HOME_OF ! -user ana)" ""
	is "and nothing is left in the upper" "$(find "$(data)/up" -mindepth 1)" ""
	is "nothing elsewhere has changed" "$(elsewhere)" "$before"
	like "the log says how much" "$(grep 'carried over' $STAGE_LOG/syslog | tail -n 1)" 'files=[1-9]'
	is "the next login sees the same" "$(in_room 'cat ~/new ~/below' | xargs)" "new changed"
}

check_ask() {
	local shell="printf 'exit\n' | ssh -tt -F $STAGE/ssh/config ana@room"
	begin ask
	in_room 'echo 1 >~/new; mkdir ~/dir' >/dev/null
	all_is_done
	like "the next login is told in one line" "$(printf 'exit\n' | s -tt ana@room 2>&1 | tr -d '\r' | grep '^carrel: ')" \
		'^carrel: your home has [2-4] changes kept beside it, see: carrel home diff$'
	like "and root by carrelctl" "$(ctl why ana)" 'home-changes +[2-4] .*carrelctl home ana diff'
	all_is_done
	check "what is there is kept" test -e "$(data)/up/new"
	rm -f "$(data)/asked"
	ln -s /etc/passwd "$(data)/asked"
	unlike "nothing is made of what a user puts there instead" "$(printf 'exit\n' | s -tt ana@room 2>&1)" '99'
	is "whose target stays" "$(grep -c '^root:' /etc/passwd)" 1
}

# The last room does it: not the first of several.
check_several_rooms() {
	begin discard
	hold one ana@room
	hold two ana@room
	hold_ask one 'echo 1 >~/new' >/dev/null
	is "both show one home" "$(hold_ask two 'cat ~/new')" 1
	hold_end one
	check "the first one's keeper is gone" poll 30 eval '[ "$(keepers | wc -l)" -eq 2 ]'
	is "nothing was done yet" "$(hold_ask two 'cat ~/new')" 1
	hold_end two
	all_is_done
	check "the last one's did it" test ! -e "$(data)/up/new"
}

check_killed() {
	local victim
	for victim in worker server supervisor; do
		begin discard
		hold one ana@room
		hold_ask one 'echo 1 >~/new' >/dev/null
		log_mark
		poll 10 confined
		case $victim in
		worker) kill -9 "$(worker)" ;;
		server) kill -9 $(keepers | grep -vx "$(worker)") ;;
		supervisor) kill -9 "$(helper_pids supervisor)" ;;
		esac
		[ $victim = supervisor ] || is "$victim killed: the room goes on" "$(hold_ask one 'cat ~/new')" 1
		[ $victim != worker ] || check "its user is told" poll 10 eval \
			'hold_ask one "$PROGRAM home diff 2>&1" | grep "keeper of your home is gone"'
		hold_end one
		check "$victim killed: nothing stays" all_is_done
		if [ $victim = worker ]; then
			check "all is kept" test -e "$(data)/up/new"
			like "and the log says so" "$(log_since 'keeper of the home has died')" 'changes are kept'
			is "the next login has it" "$(in_room 'cat ~/new')" 1
		else
			check "$victim killed: its room's end is like any other" test ! -e "$(data)/up/new"
		fi
	done
}

# A keeper is its user's, who can stop it from a login outside of rooms: who waits for it is let in, or refused in time. Without
# the guards these logins do not end.
check_stopped() {
	local pid
	begin discard
	hold one ana@room
	hold_ask one 'echo 1 >~/new' >/dev/null
	pid=$(worker)
	check "its user stops it" setpriv --reuid ana --regid students --clear-groups kill -STOP "$pid"
	is "while its room lives, the next login gets in" "$(in_room 'cat ~/new')" 1
	hold_end one
	check "the room ends without it" settle
	CARREL_MODULE_ARGS=timeout=$((2 * CARREL_PATIENCE)) host_pam
	log_mark
	like "then the next is refused" "$(room ana 'echo in')" 'code HOME'
	like "and the log says why" "$(log_since 'stage=HOME')" "does not give it: it is just ending"
	kill -CONT "$pid"
	host_pam
	check "it goes on when it may" all_is_done
	hold one ana@room
	hold_ask one 'echo 2 >~/new' >/dev/null
	pid=$(worker)
	apart strace -qq -p "$pid" -e trace=flock -e inject=flock:signal=STOP:when=1 -o $STAGE_LOG/stopped &
	poll 10 grep -q "TracerPid:.*$!" "/proc/$pid/status"
	hold_end one
	check "one that is stopped at its work" poll 20 grep -q 'stopped by SIGSTOP' $STAGE_LOG/stopped
	kill $!
	wait $! 2>/dev/null
	check "stays so" grep -q '^State:.T' "/proc/$pid/status"
	settle
	CARREL_MODULE_ARGS=timeout=$((2 * CARREL_PATIENCE)) host_pam
	log_mark
	like "the next login is refused" "$(room ana 'echo in')" 'code HOME'
	like "and the log says why" "$(log_since 'stage=HOME')" "being changed by a command or at the end of a room"
	is "nobody else waits" "$(room bob 'echo in')" in
	kill -CONT "$pid"
	host_pam
	check "the keeper ends" all_is_done
	is "and who has been refused finds the home as it was" "$(in_room 'cat ~/new')" 2
	all_is_done
	is "until the end of that room" "$(in_room 'ls ~')" below
}

# Logins that hurry after each other while the changes of the last are carried over: the home shows the same always.
check_race() {
	local round before= after rounds=${KEEPER_ROUNDS:-8} bad=0
	begin commit
	before=$(elsewhere)
	hold one ana@room
	for ((round = 1; round <= rounds; round++)); do
		hold_ask one "cd; for i in {1..60}; do echo $round-\$i >f\$((RANDOM % 80)); done
			mkdir -p d$round/e; mv f1 d$round/e 2>/dev/null
			rm -rf d$((round - 2)); mv d$((round - 1)) r$round 2>/dev/null; true" >/dev/null
		hold_ask one "cd; find . -type f ! -name '.*' | sort | xargs sha256sum" >$STAGE_LOG/before
		hold_end one
		hold one ana@room
		hold_ask one "cd; find . -type f ! -name '.*' | sort | xargs sha256sum" >$STAGE_LOG/after
		cmp -s $STAGE_LOG/before $STAGE_LOG/after || { bad=$((bad + 1)); diff $STAGE_LOG/before $STAGE_LOG/after >&2; }
	done
	is "what is shown is what was shown, $rounds times" "$bad" 0
	hold_end one
	all_is_done
	is "at last all is in the real home" "$(cd $HOME_OF && find . -type f ! -name '.*' | sort | xargs sha256sum)" \
		"$(cat $STAGE_LOG/after)"
	is "and nothing in the upper" "$(find "$(data)/up" -mindepth 1 ! -name '.bash_history')" ""
	is "nor elsewhere" "$(elsewhere)" "$before"
}

install -d -m 0700 $STORE
host_start
run_cases "$@" -- check_power check_asks check_language check_keep check_discard check_commit check_ask check_several_rooms check_killed \
	check_stopped check_race
tap_done
