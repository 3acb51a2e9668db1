#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl enter: the operator in somebody's room, with no more power there than the room's user has.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

# What a process is, in lines that do not depend on which process it is.
PORTRAIT='grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)" /proc/self/status; readlink /proc/self/ns/{mnt,pid,uts,ipc,net,time}
	cat /proc/self/cgroup; hostname; pwd; umask'

# on_terminal COMMAND...: run with a terminal of 100 columns and 30 lines, give what it prints
on_terminal() {
	python3 - "$@" <<-'PY'
	import fcntl, os, pty, struct, sys, termios
	pid, fd = pty.fork()
	if pid == 0:
	    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
	    os.execvp(sys.argv[1], sys.argv[1:])
	data = b""
	try:
	    while chunk := os.read(fd, 4096):
	        data += chunk
	except OSError:
	    pass
	os.waitpid(pid, 0)
	sys.stdout.buffer.write(data.replace(b"\r", b""))
	PY
}

enter() { # USER|ID COMMAND LINE, without a terminal
	local who=$1
	shift
	ctl enter "$who" -- bash -c "$*"
}

# keeps: door/visit R2 R3
check_same() {
	hold_ask one "{ $PORTRAIT; } >/tmp/portrait; echo" >/dev/null
	is "user, restrictions, namespaces, cgroup: as the login's own shell" "$(enter ana "$PORTRAIT" </dev/null)" \
		"$(enter ana 'cat /tmp/portrait' </dev/null)"
	like "and that is the user" "$(enter ana id -un </dev/null)" '^ana$'
	like "with a filter" "$(enter ana cat /proc/self/status </dev/null)" '^Seccomp:.2$'
	is "no descriptor but three" "$(enter ana 'cd /proc/$$/fd; echo *' </dev/null)" "0 1 2 3"
	refute "none of them is the operator's" grep -q "$STAGE" <<<"$(enter ana 'readlink /proc/self/fd/{0,1,2}' <"$STAGE/bin/probe" 2>&1)"
	is "the environment is a login's" "$(SECRET=x enter ana 'env | cut -d= -f1 | sort | xargs' </dev/null)" \
		"HOME LOGNAME PATH PWD SHELL SHLVL USER XDG_RUNTIME_DIR _"
	check "the log tells who was visited" poll 5 eval 'log_since "enter: room=.* user=ana policy=student restricted"'
}

# A process that a visit leaves running is all that could keep the operator's keyring: it is gone when it has no other.
# keeps: door/visit R4
check_keys() {
	local keyring=operator-of-$$
	python3 - "$keyring" "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- \
		bash -c 'setsid sleep 777 >/dev/null 2>&1 & echo left' >"$STAGE/keys.out" 2>&1 <<-'PY'
	import ctypes, os, sys
	c = ctypes.CDLL(None, use_errno=True)
	KEYCTL, ADD_KEY, JOIN, SESSION = 250, 248, 1, -3
	if c.syscall(KEYCTL, JOIN, sys.argv[1].encode()) < 0:
	    sys.exit("no keyring")
	c.syscall(ADD_KEY, b"user", sys.argv[1].encode() + b":key", b"secret", 6, SESSION)
	if sys.argv[1] not in open("/proc/keys").read():
	    sys.exit("not to be seen")
	os.execv(sys.argv[2], sys.argv[2:])
	PY
	is "a visit of one who has keys" "$(cat "$STAGE/keys.out")" left
	check "what it has left runs" poll 10 pgrep -x -f "sleep 777"
	check "and holds none of the operator's keys" poll 15 eval '! grep -q "'"$keyring"'" /proc/keys'
	enter ana 'pkill -x sleep; true' </dev/null
}

check_streams() {
	local sum
	head -c 3000000 /dev/urandom >"$STAGE/random"
	sum=$(sha256sum <"$STAGE/random")
	is "input and output are clean" "$(enter ana cat <"$STAGE/random" | sha256sum)" "$sum"
	is "errors apart" "$(enter ana 'echo out; echo err >&2' </dev/null 2>/dev/null)" out
	is "the command's status" "$(status enter ana exit 7)" 7
	is "and its signal" "$(enter ana 'kill -9 $$' </dev/null; echo $?)" 137
	is "a command that is not there" "$(ctl enter ana -- /nonexistent </dev/null 2>/dev/null; echo $?)" 127
}

check_terminal() {
	local out
	out=$(on_terminal "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- \
		bash -c 'tty; ls -l $(tty); stty size; ps -o tty= -p $$; [ -t 2 ] && echo on-tty')
	like "a terminal of the room" "$out" '^/dev/pts/[0-9]+$'
	like "that belongs to the user" "$out" '^crw--w---- 1 ana tty'
	like "of the operator's size" "$out" '^30 100$'
	like "and controls the shell" "$out" '^pts/[0-9]+'
	like "standard error, too" "$out" '^on-tty$'
	out=$(echo 'echo shell-is-$0; exit' | on_terminal "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- bash -lc 'echo $0-$HOME')
	like "a login shell" "$out" '^bash-/home/ana$'
}

# The user's own files run as the user and never as root, whatever he puts where.
# keeps: door/visit R1
check_hostile() {
	enter ana 'for f in .profile .bash_profile .bashrc .bash_login; do
			echo "id -u >>~/who; cat /proc/self/status >~/status" >$f
		done
		mkdir bin; printf "#!/bin/sh\nid -u >>~/who\nexec /bin/true\n" >bin/bash; chmod 755 bin/bash' </dev/null
	enter ana 'bash -lc true; ~/bin/bash' </dev/null
	ctl enter ana -- bash -l </dev/null
	is "they ran as the user" "$(enter ana 'sort -u who' </dev/null)" "$(id -u ana)"
	like "and under the filter" "$(enter ana 'cat status' </dev/null)" '^Seccomp:.2$'
	enter ana 'rm -rf who status bin .profile .bash_profile .bashrc .bash_login' </dev/null
	enter ana 'exec >/dev/null 2>&1 </dev/null; for i in {1..200}; do for p in /proc/[0-9]*; do cat $p/environ; ls $p/fd; done; done
		true' </dev/null &
	for i in 1 2 3 4 5; do enter ana true </dev/null; done
	wait $!
	check "looking on while one comes in does no harm" enter ana true
}

check_who() {
	is "nobody of that name" "$(status ctl enter cara)" 1
	hold two ana@room
	check "the second room is on record" poll 10 logins_are 2 ana
	is "several rooms: which one?" "$(status ctl enter ana -- true)" 1
	like "says so" "$(ctl enter ana -- true 2>&1)" 'several rooms'
	is "by its id" "$(enter "$(ctl list ana --json | json 'd[1]["id"]')" echo hello </dev/null)" hello
	hold_end two
	check "it has ended" poll 10 logins_are 1 ana
	is "users may not" \
		"$(setpriv --reuid 1001 --clear-groups "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana >/dev/null 2>&1; echo $?)" 3
}

check_unrestricted() {
	like "unrestricted: no filter" "$(ctl enter --unrestricted ana -- cat /proc/self/status </dev/null)" '^Seccomp:.0$'
	is "but the user all the same" "$(ctl enter --unrestricted ana -- id -u </dev/null)" "$(id -u ana)"
	mv "$STATE_DIR/cache" "$STATE_DIR/cache.away"
	is "a filter that is gone: no entry" "$(status ctl enter ana -- true)" 3
	like "and why" "$(ctl enter ana -- true 2>&1)" 'filter of room .* no longer kept: --unrestricted'
	is "the way round works" "$(ctl enter --unrestricted ana -- echo in </dev/null)" in
	mv "$STATE_DIR/cache.away" "$STATE_DIR/cache"
}

check_end() {
	hold three bob@room
	check "bob is in" poll 10 eval 'ctl list bob >/dev/null'
	ctl freeze bob >/dev/null
	is "a frozen room is told" "$(status ctl enter bob -- true)" 1
	ctl thaw bob >/dev/null
	is "and thawed it is open" "$(ctl enter bob -- cat /proc/self/cgroup </dev/null)" "$(hold_ask three 'cat /proc/self/cgroup')"
	hold_end three
	enter ana 'sleep 300' </dev/null >/dev/null 2>&1 {HOLD_FD_one}>&- & # which is how "one" ends
	local visitor=$!
	check "a visitor is in" poll 10 eval 'ps ax | grep -q "[s]leep 300"'
	hold_end one
	check "the room's end ends the visit" poll 15 process_gone "$visitor"
	wait "$visitor"
}

# typing PROGRAM KEYS: on a terminal, say KEYS once PROGRAM has printed READY; prints how long it took to leave, or "stuck"
typing() {
	python3 - "$STAGE_LIB/carrelctl" "$STATE_DIR" "$1" "$2" <<-'PY'
	import os, pty, select, sys, time
	ctl, state, program, keys = sys.argv[1:]
	pid, fd = pty.fork()
	if pid == 0:
	    os.execv(ctl, [ctl, "--state", state, "enter", "ana", "--", "bash", "-c", program])
	data, said, end = b"", 0, time.time() + 40
	while time.time() < end:
	    if select.select([fd], [], [], 0.2)[0]:
	        try:
	            chunk = os.read(fd, 4096)
	        except OSError:
	            break
	        data = (data + chunk)[-100:]
	    if not said and b"READY" in data:
	        os.write(fd, keys.encode()) ; said = 1
	while not (left := os.waitpid(pid, os.WNOHANG)[0]) and time.time() < end: # the terminal has ended before it
	    time.sleep(0.05)
	print("left" if left else "stuck")
	left or os.kill(pid, 9)
	PY
}

# Whatever a room does, the operator gets out.
check_stubborn() {
	hold four bob@room
	check "bob is on record" poll 10 eval 'ctl list bob >/dev/null'
	enter_stubborn
	hold_end four
	check "bob's room has ended" poll 10 eval '! ctl list bob >/dev/null'
}

enter_stubborn() {
	local pid status
	is "a program that heeds nothing: Control-] thrice leaves" \
		"$(typing 'trap "" INT HUP TERM QUIT TSTP; stty raw -echo; echo READY; while :; do sleep 1; done' $'\035\035\035')" left
	is "one that talks without end" \
		"$(typing 'trap "" INT HUP TERM; echo READY; while :; do echo READY; done' $'\035\035\035')" left
	is "one that reads no key: even behind more than fits" \
		"$(typing 'trap "" INT HUP TERM; stty raw -echo; echo READY; sleep 1000' "$(printf '%09000d' 0)"$'\035\035\035')" left
	is "twice is not enough" "$(typing 'stty raw -echo; echo READY; head -c 3 >/dev/null; echo GOT' $'\035\035x' )" left
	is "streams both ways do not wait for each other" \
		"$(head -c 1000000 /dev/zero | timeout 120 "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- \
			bash -c 'head -c 1000000 /dev/zero; cat >/dev/null' | wc -c)" 1000000
	yes | "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- sleep 1000 &
	pid=$!
	check "one that takes no input is there" poll 10 pgrep -u ana -x sleep
	kill "$pid"
	check "a signal ends the visit all the same" poll 10 process_gone "$pid"
	wait "$pid"
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana -- \
		bash -c 'exec >&- 2>&-; echo $$ >/tmp/there; exec sleep 1000' </dev/null &
	pid=$!
	check "one that closes its outputs is waited for" poll 10 eval 'enter ana cat /tmp/there </dev/null'
	sleep 0.3
	refute "still" process_gone "$pid"
	kill "$pid"
	check "and left by a signal" poll 10 process_gone "$pid"
	wait "$pid"
	enter ana 'pkill -x sleep; true' </dev/null
	enter bob 'echo in; sleep 1000' </dev/null >"$STAGE/frozen" &
	pid=$!
	check "one to be frozen is in" poll 10 grep -q in "$STAGE/frozen"
	ctl freeze bob >/dev/null
	pkill -TERM -f 'carrelctl .*enter bob'
	check "a frozen room lets go of its visitor" poll 10 process_gone "$pid"
	ctl thaw bob >/dev/null
}

host_start
room ana true
settle
before=$(census)
log_mark
hold one ana@room
check "the room is on record" poll 10 eval 'ctl list ana >/dev/null'
run_cases "$@" -- check_same check_keys check_streams check_terminal check_hostile check_who check_unrestricted \
	check_stubborn check_end
hold_end one
settle
same_census "nothing is left behind" "$before"
tap_done
