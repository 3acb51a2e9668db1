#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Time to end: whatever ends a room or a login, its programs are told, have their time, and then are no more. And how long
# a room goes on in which nobody is logged in, but somebody types.
#
# saver   needs 0.4 s to save when it is told to hang up or to end
# termer  takes no hang-up (nohup), ends when it is told to
# deaf    ends by nothing but force
# mayfly  the same, and is another process every moment
# witness ends by nothing but force, and notes what it was told
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

TIME=$((1 + CARREL_PATIENCE)) # seconds that programs have to end, on a machine that may be slow

CTL="$STAGE_LIB/carrelctl --config /etc/carrel/carrel.conf --helper $STAGE_LIB/carrel-helper"

make_programs() {
	local name
	declare -A text=(
		[saver]='trap "sleep 0.4; echo saved >>~/saved.$1; exit" HUP TERM; echo >~/up.$1; while :; do sleep 0.1; done'
		[termer]='trap "" HUP; trap "echo told >>~/saved.$1; exit" TERM; echo >~/up.$1; while :; do sleep 0.1; done'
		[deaf]='trap "" HUP TERM; echo >~/up.$1; while :; do sleep 0.1; done'
		[mayfly]='trap "" HUP TERM; echo >~/up.$1; sleep 0.05; "$0" "$1" & exit'
		[witness]='trap "" PIPE; for s in HUP TERM CONT; do trap "echo $s >>~/told.$1" $s; done; echo >~/up.$1
			while :; do sleep 0.1; done'
	)
	for name in "${!text[@]}"; do
		printf '#!/bin/bash\n%s\n' "${text[$name]}" >$STAGE/bin/$name
		chmod 755 $STAGE/bin/$name
	done
}

# ana: a room for each login; bob: one for all, of which a login ends alone; dora: one that stays; cara: no PIDs of its own
config() { # KEYS-OF-ALL LIMITS-OF-ALL KEYS-OF-DORA
	cat >/etc/carrel/carrel.conf <<-END
	data_dir = "$STAGE/data";
	rules = ( { user = "ana"; policy = "one"; }, { user = "bob"; policy = "many"; }, { user = "dora"; policy = "stay"; },
	  { user = "cara"; policy = "open"; } );
	policies = {
	  all = { features = { limits = "prefer"; }; limits = { tasks = 256; ${2-} }; ${1-grace = \"${TIME}s\";} };
	  one = { inherit = "all"; };
	  many = { inherit = "all"; share = "user"; };
	  stay = { inherit = "many"; on_close = "keep"; ${3-linger = \"1h\";} };
	  open = { inherit = "all"; namespaces = [ "mount" ]; network = { mode = "host"; }; features = { time = "off"; }; };
	};
	END
}

# What a login of that user starts and leaves: leave USER PROGRAM-NAME...; the names end by -WORD, which tells them apart.
leave() {
	local user=$1 word command=
	shift
	for word in "$@"; do
		rm -f "/home/$user/"{up,saved,told}.$word
		command+="setsid $STAGE/bin/${word%%-*} $word </dev/null >/dev/null 2>&1 & "
	done
	echo "$command for w in $*; do until [ -e ~/up.\$w ]; do sleep 0.05; done; done"
}

start() { # USER NAME-OF-HOLD PROGRAM...
	local user=$1 hold=$2
	shift 2
	hold_ask "$hold" "$(leave "$user" "$@")" >/dev/null
}

saved() { # USER NAME
	[ -s "/home/$1/saved.$2" ]
}

sever() { # HOLD: its client is killed
	local pid=HOLD_$1 fd=HOLD_FD_$1
	kill -9 "${!pid}" 2>/dev/null
	eval "exec ${!fd}>&-"
	wait "${!pid}" 2>/dev/null
	rm -f "$STAGE/ssh/hold.$1" "$STAGE/ssh/$1"
}

# has_ended NAME USER PROGRAM...: those that could save have, nothing runs, and the log says how many were killed
has_ended() {
	local name=$1 user=$2 word
	shift 2
	check "$name: nothing runs on" poll 20 user_gone "$user"
	for word in "$@"; do
		case $word in
		saver*|termer*) check "$name: ${word%-*} could end by itself" saved "$user" "$word" ;;
		esac
	done
	case " $* " in
	*" deaf"*|*" mayfly"*) check "$name: the log counts who was killed" poll 10 eval '[ -n "$(log_since "killed=[1-9]")" ]' ;;
	*) is "$name: nobody was killed" "$(log_since 'killed=')" "" ;;
	esac
	settle
}

check_own_room() {
	local end
	for end in cut logout application supervisor; do
		log_mark
		hold one ana@room
		start ana one saver-$end termer-$end deaf-$end mayfly-$end
		case $end in
		cut) sever one ;;
		logout) hold_end one ;;
		application) kill -9 $(monitor_pids ana); hold_end one ;;
		supervisor) kill -9 $(helper_pids supervisor); hold_end one ;;
		esac
		if [ $end = supervisor ]; then # who could count is dead
			check "$end: nothing runs on" poll 20 user_gone ana
			check "$end: saver could end by itself" saved ana saver-$end
			check "$end: termer could end by itself" saved ana termer-$end
			check "$end: nothing is on record" poll 20 eval '[ -z "$(state_files | grep /rooms/.)" ]'
			settle
		else
			has_ended $end ana saver-$end termer-$end deaf-$end mayfly-$end
		fi
	done
	log_mark
	s ana@room "$(leave ana saver-last)" </dev/null
	has_ended "the last to go" ana saver-last
	log_mark
	s ana@room "$(leave ana saver-stopped) ; pkill -STOP -x saver" </dev/null
	has_ended "stopped" ana saver-stopped
}

# Whatever ends it, a shell has one signal to handle and not a second while it does.
check_terminal() {
	local how written=
	for how in cut cut cut kill application supervisor drain; do
		rm -f /home/ana/.bash_history
		: >$STAGE_LOG/tty # of the one before, which said the same
		mkfifo $STAGE/ssh/tty
		ssh -tt -F $STAGE/ssh/config ana@room <$STAGE/ssh/tty >$STAGE_LOG/tty 2>&1 &
		HOLD_tty=$!
		exec {HOLD_FD_tty}>$STAGE/ssh/tty
		echo 'echo here-$((40 + 2))' >&$HOLD_FD_tty
		poll 20 grep -q here-42 $STAGE_LOG/tty
		case $how in
		kill) $CTL kill ana >/dev/null ;;
		application) kill -9 $(monitor_pids ana) ;;
		supervisor) kill -9 $(helper_pids supervisor) ;;
		drain) $CTL drain --kill --timeout 0 >/dev/null; $CTL drain --off >/dev/null ;;
		esac
		sever tty
		settle
		written+="$how $(grep -c here- /home/ana/.bash_history 2>/dev/null), "
	done
	is "a shell writes what was typed, whatever ends it" "$written" \
		"cut 1, cut 1, cut 1, kill 1, application 1, supervisor 1, drain 1, "
	mkfifo $STAGE/ssh/tty
	ssh -tt -F $STAGE/ssh/config ana@room 'vim -u NONE notes' <$STAGE/ssh/tty >$STAGE_LOG/tty 2>&1 &
	HOLD_tty=$!
	exec {HOLD_FD_tty}>$STAGE/ssh/tty
	poll 20 grep -q '"notes"' $STAGE_LOG/tty # it is up, and throws nothing away that is typed
	poll 20 test -e /home/ana/.notes.swp
	printf 'iunsaved-words' >&$HOLD_FD_tty
	poll 20 grep -q unsaved-words $STAGE_LOG/tty
	sever tty
	rm -f $STAGE/ssh/tty
	settle
	check "an editor keeps what was not saved yet" grep -q unsaved-words /home/ana/.notes.swp
	hold one ana@room
	printf '#!/bin/sh\ntrap "sleep 0.2; echo saved >~/saved.pane; exit" HUP\necho >~/up.pane\nwhile :; do sleep 0.1; done\n' \
		>$STAGE/bin/pane
	chmod 755 $STAGE/bin/pane
	hold_ask one "tmux new-session -d $STAGE/bin/pane; until [ -e ~/up.pane ]; do sleep 0.05; done" >/dev/null
	hold_end one
	settle
	check "what runs in tmux is told by its terminal" saved ana pane
}

# keeps: helper/supervisor/ending R1
check_orders() {
	local how user
	for how in kill 'kill --now' drain frozen; do
		user=ana
		[ "$how" != frozen ] || user=bob # who has a cgroup, whatever this kernel can limit
		log_mark
		hold one $user@room
		start $user one saver-o deaf-o
		case $how in
		kill*) check "$how: says that it has ended" $CTL $how $user ;;
		drain) check "$how: says that nobody is left" $CTL drain --kill --timeout 0 'maintenance'; $CTL drain --off >/dev/null ;;
		frozen) $CTL freeze $user >/dev/null; check "$how: says that it has ended" $CTL kill $user ;;
		esac
		hold_end one
		case $how in
		kill|drain)
			has_ended "$how" $user saver-o deaf-o
			like "$how: and why" "$(log_since 'ended ')" 'told to end' ;;
		*)
			check "$how: nothing runs on" poll 20 user_gone $user
			refute "$how: at once" saved $user saver-o
			settle ;;
		esac
	done
}

# One of several logins: its own programs alone, and nobody waits for them.
# keeps: helper/supervisor/ending R2
check_one_of_several() {
	config "grace = \"$((3 * TIME))s\";" # a login comes and goes in it
	log_mark
	hold one bob@room
	hold two bob@room
	start bob one saver-one termer-one deaf-one mayfly-one
	start bob two witness-two
	sever one
	check "one of two: saver could end by itself" poll 10 saved bob saver-one
	is "one of two: another comes in meanwhile, into the same room" \
		"$(room bob 'for p in deaf witness; do pgrep -x $p >/dev/null && echo $p; done')" $'deaf\nwitness'
	check "and one that has time to go keeps no other" pgrep -x deaf
	check "one of two: termer could, too" poll 10 saved bob termer-one
	check "one of two: the others are ended" poll 20 eval '! pgrep -x "deaf|mayfly"'
	check "one of two: the log counts them" poll 10 eval '[ -n "$(log_since "left .*killed=[1-9]")" ]'
	check "the other login's program runs on" pgrep -x witness
	refute "and was told nothing" test -e /home/bob/told.witness-two
	start bob two deaf-two
	hold three bob@room
	start bob three saver-three
	sever two
	sever three
	check "both at once: saver could end by itself" poll 10 saved bob saver-three
	check "both at once: then the room ends" poll 20 user_gone bob
	like "both at once: the witness was told each once" "$(sort /home/bob/told.witness-two | uniq -c | xargs)" \
		'^[12] CONT 1 HUP 1 TERM$'
	settle
	config
}

check_staying_room() {
	config "grace = \"${TIME}s\";" '' 'linger = "1s";'
	log_mark
	hold one dora@room
	start dora one saver-l termer-l deaf-l
	hold_end one
	has_ended "linger is over" dora saver-l termer-l deaf-l
	like "linger is over: so it says" "$(log_since 'ended ')" 'linger is over.* killed=[12]$'
	config
}

# A room without PIDs of its own: nobody can be told, but what the terminal's end tells has its time.
check_open_room() {
	log_mark
	ssh -tt -F $STAGE/ssh/config cara@room "$STAGE/bin/saver saver-open" </dev/null >/dev/null 2>&1 &
	HOLD=$!
	check "no PIDs of its own: it runs" poll 20 test -e /home/cara/up.saver-open
	kill -9 $HOLD
	wait $HOLD 2>/dev/null
	check "no PIDs of its own: saver could end by itself" poll 10 saved cara saver-open
	settle
	s cara@room "$(leave cara deaf-open)" </dev/null
	check "no PIDs of its own: nothing runs on" poll 20 user_gone cara
	settle
}

check_no_time() {
	config 'grace = "0";'
	log_mark
	s ana@room "$(leave ana saver-no)" </dev/null
	check "no time: nothing runs on" poll 20 user_gone ana
	refute "no time: at once" saved ana saver-no
	settle
	config
}

# The line breaks, and its user is back while his old room's programs still have time: he waits for its seat.
check_seat() {
	config "grace = \"$((2 * TIME))s\";" 'rooms = 1;'
	hold one ana@room
	start ana one deaf-seat
	like "the only room is taken" "$(room ana 'echo in')" 'code LIMITS'
	sever one
	check "the old room is ending" poll 10 eval '[ -s "$(echo $STATE_DIR/seats/*)" ]'
	is "who comes back gets in when it is over" "$(room ana 'echo in; pgrep -c -x deaf')" $'in\n0'
	settle
	config
}

# Typed at a terminal that no login has, as by mosh.
check_typing() {
	local until
	config '' '' "linger = \"$((2 * CARREL_PATIENCE))s\"; grace = \"0\";"
	log_mark
	touch /home/dora/typing
	hold one dora@room
	hold_ask one 'setsid bash -c "(while [ -e ~/typing ]; do echo x; sleep 0.5; done; sleep 3600) |
		script -qfc \"cat >/dev/null\" /dev/null" </dev/null >/dev/null 2>&1 &
		tmux new-session -d "while :; do date; sleep 0.2; done"; sleep 1; pgrep -c tmux' >/dev/null
	hold_end one
	check "nobody is in" poll 10 eval 'until=$(sed -n "s/^until=//p" $STATE_DIR/rooms/*.room) && [ "$until" != 0 ]'
	poll 40 eval '[ $(date +%s) -ge '$((until + 3))' ]'
	check "somebody types: the room goes on" pgrep -u dora script
	isnt "and says until when now" "$(sed -n "s/^until=//p" $STATE_DIR/rooms/*.room)" "$until"
	rm /home/dora/typing
	check "nobody types, something prints: it ends" poll 30 user_gone dora
	like "because its time is over" "$(log_since 'ended ')" 'linger is over'
	settle
	config
}

make_programs
host_start
config
room ana true
settle
before=$(census)
run_cases "$@" -- check_own_room check_terminal check_orders check_one_of_several check_staying_room check_open_room \
	check_no_time check_seat check_typing
same_census "nothing is left behind" "$before"
tap_done
