#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl rehearse and assess: rooms that nobody logs in to, probed inside, gone without a trace.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

row() { # USER PROBE: found, answer
	ctl rehearse "$1" --json | json "[(x['found'], x['answer']) for x in d if x['probe'] == '$2'][0]"
}

check_works() {
	is "a user whose login works" "$(status ctl rehearse ana)" 0
	is "every probe answers" "$(ctl rehearse ana --json | json '{x["answer"] for x in d}')" "{'ok'}"
	is "another policy" "$(status ctl rehearse bob)" 0
	is "a policy by name" \
		"$(ctl rehearse ana --policy sftp-only --json | json '[x["found"] for x in d if x["probe"] == "forward"][0]')" no
	like "says which policy" "$(ctl rehearse bob)" '^policy staff: 12 of 12 as promised$'
	like "host's and room's name" "$(ctl rehearse ana)" '^host name +yes +yes +ok +ana-room$'
	touch /etc/carrel/off
	like "switched off: it says so" "$(ctl rehearse ana 2>&1 >/dev/null)" 'switched off by /etc/carrel/off'
	is "and rehearses what would be" "$(status ctl rehearse ana)" 0
	rm /etc/carrel/off
}

looks() {
	who
	last -w
	ctl list
	ls -lA --time-style=full-iso /home/bob
	stat -c '%n %A %U %y %z' /home/bob
	ls -A "$STATE_DIR/rooms" # where a rehearsal has a record of its own for a time: when that changed does not count
	cat "$STATE_DIR"/rooms/*.room
}

looks_alike() { # twice, with some time between
	[ "$(looks; sleep 1)" = "$(looks)" ]
}

# keeps: ctl/rehearse/stand_in R2
check_traceless() {
	local before now
	hold one bob@room
	check "bob is in" poll 10 eval 'ctl list bob >/dev/null'
	hold_ask one 'echo mine >/tmp/mine; echo' >/dev/null
	poll 20 looks_alike # a login that has just begun still uses time and memory
	before=$(looks)
	check "rehearse one who is in" ctl rehearse bob
	now=$(looks)
	is "who, last, list, home and records are as before" "$now" "$before"
	is "and so is his room" "$(hold_ask one 'cat /tmp/mine')" mine
	hold_end one
}

check_wrong() {
	usermod -s /bin/nonexistent ana
	is "a shell that is not there" "$(row ana shell)" "('no', 'WRONG')"
	is "exit status 1" "$(status ctl rehearse ana)" 1
	usermod -s /usr/sbin/nologin ana
	is "no shell is promised to nologin" "$(row ana shell)" "('no', 'ok')"
	usermod -s /bin/bash ana
	echo 'sleep 100' >/home/ana/.bash_profile
	chown ana: /home/ana/.bash_profile
	like "start files that hang" "$(ctl rehearse ana)" '^shell +yes +no +WRONG +no answer within 10 s'
	printf 'printf "\\033[2J"; exit 3\n' >/home/ana/.bash_profile
	is "what they print cannot act on the terminal" "$(ctl rehearse ana | grep -c $'\033')" 0
	echo 'kill -9 -1; kill -9 $PPID' >/home/ana/.bash_profile
	is "start files that kill all they can" "$(row ana shell)" "('no', 'WRONG')"
	is "the other probes go on" "$(row ana sftp)" "('yes', 'ok')"
	rm /home/ana/.bash_profile
	mv /home/ana /home/ana.away
	is "no home" "$(row ana home)" "('no', 'WRONG')"
	mv /home/ana.away /home/ana
	chown bob /home/ana
	is "a home of somebody else's: refused" "$(status ctl rehearse ana)" 1
	like "with the stage" "$(ctl rehearse ana 2>&1)" 'would be refused \(stage HOME\)'
	chown ana /home/ana
	is "root has no room" "$(status ctl rehearse root)" 1
	is "nobody of that name" "$(status ctl rehearse nobody-of-that-name)" 1
	is "no such policy" "$(status ctl rehearse ana --policy no-such)" 1
	is "users may not" \
		"$(setpriv --reuid 1001 --clear-groups "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --state "$STATE_DIR" \
		rehearse ana >/dev/null 2>&1; echo $?)" 3
}

# profile TEXT: ana's and bob's start file; none without it
profile() {
	local user
	for user in ana bob; do
		rm -f /home/$user/.bash_profile
		[ -z "${1-}" ] || install -m 0644 -o $user /dev/stdin /home/$user/.bash_profile <<<"$1"
	done
}

# gone PATTERN: no process with that command line
gone() {
	! pgrep -f "$1"
}

# What a start file does is over with its probe, whatever the policy isolates.
# keeps: ctl/rehearse/stand_in R1
# keeps: ctl/rehearse/other_room R1
check_hostile() {
	local policy pid
	profile 'head -c 30000 /dev/zero | tr "\0" x'
	is "a greeting of 30,000 bytes is no fault" "$(row ana shell)" "('yes', 'ok')"
	for policy in student admin; do
		profile 'for i in {1..20}; do setsid sleep 7777 & done; (setsid bash -c "trap \"\" TERM HUP; exec sleep 7777" &)'
		is "$policy: what start files leave running does no harm" \
			"$(ctl rehearse ana --policy $policy --json | json '{x["answer"] for x in d}')" "{'ok'}"
		check "$policy: and is gone" poll 10 gone 'sleep 7777'
		profile 'setsid bash -c "while kill -0 $PPID; do :; done; while :; do kill -9 -1; done" >/dev/null 2>&1 &'
		is "$policy: nor does one that goes on killing" \
			"$(ctl rehearse ana --policy $policy --json | json '[x["probe"] for x in d if x["answer"] != "ok"]')" "[]"
		check "$policy: it is gone too" poll 10 gone 'while :'
	done
	profile 'while :; do echo carrel-rehearsal; done'
	like "one that talks without end" "$(ctl rehearse ana)" '^shell +yes +no +WRONG +no answer within 10 s'
	profile 'sleep 7777'
	ctl rehearse ana >"$STAGE/said" 2>&1 &
	pid=$!
	check "a rehearsal hangs in a start file" poll 10 eval '! gone "sleep 7777"'
	pkill -TERM -x carrelctl -P $pid || kill -TERM $pid
	check "and ends when told so" poll 9 process_gone "$pid"
	like "saying why" "$(cat "$STAGE/said")" 'interrupted'
	check "with its room" poll 10 eval 'gone "sleep 7777" && [ -z "$(ctl list 2>/dev/null | grep ana)" ]'
	ctl rehearse ana >/dev/null 2>&1 &
	pid=$!
	check "another hangs" poll 10 eval '! gone "sleep 7777"'
	pkill -KILL -x carrelctl
	check "killed, its room ends all the same" poll 20 eval 'gone "sleep 7777" && [ -z "$(helper_pids supervisor)" ]'
	wait $pid
	profile
	ctl assess shared --user ana >/dev/null 2>&1 &
	pid=$!
	check "assess has put up its baits" poll 10 eval 'ls /run/carrel-assess*'
	pkill -TERM -x carrelctl
	check "an interrupted one ends" poll 20 process_gone "$pid"
	is "and takes them down" "$(ls -d /tmp/carrel* /run/carrel-* 2>/dev/null)" ""
	other_killed
}

in_other_room() { # who listens there, of a policy with the host's network: at all addresses
	ss -Htlnp | grep '"carrelctl"' | grep -om 1 '\*:[0-9]*'
}

other_killed() {
	local pid port
	ctl assess admin --user ana >/dev/null 2>&1 &
	pid=$!
	check "somebody listens for assess in another user's room" poll 20 in_other_room
	port=$(in_other_room)
	like "who says one word to whoever comes" \
		"$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/${port#*:} && echo anything >&3; cat <&3" 2>/dev/null)" '^[0-9a-f]{16}$'
	kill -KILL "$(pgrep -o -x carrelctl)"
	check "and does not outlive carrelctl" poll 5 eval '! in_other_room'
	check "nor do both rooms" poll 20 eval '[ -z "$(helper_pids supervisor)" ]'
	wait $pid
	rm -f /tmp/carrel-assess* /dev/shm/carrel-assess* /run/carrel-assess* /var/lib/carrel-assess* # what nobody took down
	ipcrm -M 0x6361726c
}

# What not every kernel gives to a bare login: row and name of the same try in tests/lib/probe.c
declare -A KERNEL=(["list mounts by listmount"]=listmount [perf_event_open]=perf [fanotify]=fanotify
	["32-bit calls"]=i386-getpid ["the firewall's netlink"]=socket-netfilter [userfaultfd]=userfaultfd
	[io_uring]=io-uring ["make a user namespace"]=unshare-user ["kernel keyrings"]=keyctl)

kernel_gives() { # ROW
	[ -z "${KERNEL[$1]-}" ] || [ "$(bare ana "$STAGE/bin/probe ${KERNEL[$1]}")" = "${KERNEL[$1]} OK" ]
}

# A probe that can only ever say "closed" would prove nothing: each is open under one policy or another.
check_assess() {
	local shared admin dev other what wanted
	bare_tty ana true >/dev/null # writes to wtmp
	install -m 644 /dev/stdin /var/log/open.log <<<secret
	install -m 644 /dev/stdin /etc/ssh/ssh_host_ed25519_key <<<secret
	is "shared hides the host's keys, whatever their mode" \
		"$(ctl assess shared --user ana --json |
		json '[x["answer"] for x in d if x["a_login_could"].startswith("read keys and")]')" "['closed']"
	chmod 644 /etc/gshadow
	setpriv --reuid cara --clear-groups sleep 1000 &
	other=$!
	ip addr add 192.0.2.1/24 dev outer0
	ip link set outer0 up
	ip route add 169.254.0.0/16 dev outer0
	ip route add 10.255.0.0/16 dev outer0
	sed -i '/^policies = {/a measured-strict = { inherit = "strict"; features = { limits = "prefer"; }; };' /etc/carrel/carrel.conf
	shared=$(ctl assess shared --user ana --json)
	admin=$(ctl assess admin --user ana --json)
	dev=$(ctl assess dev --user ana --json)
	is "all eleven vectors" "$(json 'sorted({int(x["vector"].split()[0]) for x in d})' <<<"$shared")" \
		"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"
	# inotify, a debugger on one's own processes and 32-bit programs are what shared allows; limits are beyond this host, and so
	# is what it does with core dumps.
	wanted="['be told when others run a program (inotify)', 'trace processes of its own (ptrace)',"
	wanted+=" 'read memory of processes of its own (process_vm_readv)', '32-bit calls', \"read keys and secrets of root's\"]"
	kernel_gives "32-bit calls" || wanted=${wanted/"'32-bit calls', "/}
	is "shared closes all but debugging, old programs and limits" \
		"$(json '[x["a_login_could"] for x in d if x["answer"] == "OPEN" and "core dumps" not in x["a_login_could"] and
			x["a_login_could"] not in ("take all memory", "take all processors", "start processes without end")]' \
			<<<"$shared")" \
		"$wanted"
	is "strict hides what only modes protect" \
		"$(ctl assess measured-strict --user ana --json | json '[x["a_login_could"] for x in d if
			x["answer"] == "OPEN" and x["vector"][:2] != "11" and "core dumps" not in x["a_login_could"]]')" "[]"
	for what in "list other people's homes" "write to system files, permissions allowing" \
		"write kernel settings, permissions allowing" "gain power by set-user-ID programs" \
		"call all of the kernel: there is no filter" "trace processes of its own (ptrace)" \
		"run set-user-ID programs as their owner" "read carrel's configuration" "get capabilities back" \
		"make a user namespace" "io_uring" "userfaultfd" "kernel keyrings" "read what others put into /tmp" \
		"reach services on the host's loopback" "reach abstract sockets of the host" "use the host's interfaces" \
		"reach services' sockets in /run" "reach services' sockets outside of /run" "see devices of the host" \
		"reach the host's shared memory (System V)" \
		"read who logged in, when and from where" "read the host's logs" "read keys and secrets of root's" \
		"read what others put into /dev/shm" "ask a cloud's metadata service" "fill the host's /tmp" \
		"reach the host by its own addresses" "reach private networks" "reach other users' rooms by the network" \
		"take all terminals" "list mounts by listmount" "fanotify" "switch off protection of its memory (personality)" \
		"32-bit calls" "the firewall's netlink" "read memory of processes of its own (process_vm_readv)" \
		"see other users' processes" "be told when others run a program (inotify)"; do
		kernel_gives "$what" || { skip_here "open without carrel's doing: $what" "this kernel refuses it to everybody"; continue; }
		is "open without carrel's doing: $what" \
			"$(W="$what" json '[x["answer"] for x in d if x["a_login_could"] == __import__("os").environ["W"]]' <<<"$admin")" \
			"['OPEN']"
	done
	wanted="['32-bit calls', \"ask a cloud's metadata service\", 'perf_event_open', 'reach abstract sockets of the host',"
	wanted+=" \"reach services on the host's loopback\", 'read memory of processes of its own (process_vm_readv)',"
	wanted+=" 'trace processes of its own (ptrace)', \"use the host's interfaces\"]"
	wanted=${wanted/"\"reach services on the host's"/"'reach private networks', \"reach services on the host's"}
	wanted=${wanted/"'reach private"/"\"reach other users' rooms by the network\", 'reach private"}
	wanted=${wanted/"'read memory"/"'reach the host by its own addresses', 'read memory"}
	for what in perf_event_open "32-bit calls"; do
		kernel_gives "$what" || wanted=${wanted/"'$what', "/}
	done
	is "dev gives what it says" \
		"$(json 'sorted(x["a_login_could"] for x in d if x["answer"] == "OPEN" and x["vector"][0] in "2679")' <<<"$dev")" \
		"$wanted"
	like "a score" "$(ctl assess shared --user ana)" '^policy shared on Linux .*, as ana: exposure 0\.[0-9] of 10'
	like "the policy of the user's own" "$(ctl assess --user bob)" '^policy staff on Linux'
	like "or of the first user of the host" "$(ctl assess)" '^policy .* on Linux .*, as [a-z]+:'
	is "a policy that is not there" "$(status ctl assess no-such)" 3
	kill $other
	like "a line for each vector" "$(ctl assess shared --user ana)" '^10 escape +0\.0 +0 +-$'
	like "with the worst of it" "$(ctl assess admin --user ana)" '^9 insecure network +[0-9.]+ +[0-9]+ +ask a cloud'
	is "nothing is left in /tmp, /dev/shm, /run and shared memory" \
		"$(ls -d /tmp/carrel* /dev/shm/carrel* /run/carrel-* /var/lib/carrel-* 2>/dev/null; ipcs -m | grep ^0x)" ""
}

host_start
room ana true
settle
before=$(census)
run_cases "$@" -- check_works check_traceless check_wrong check_hostile check_assess
settle
same_census "nothing is left behind" "$before"
tap_done
