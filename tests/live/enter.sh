#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl enter: the operator in somebody's room, with no more power there than the room's user has.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

# What a process is, in lines that do not depend on which process it is.
PORTRAIT='grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)" /proc/self/status; readlink /proc/self/ns/{mnt,pid,uts,ipc,net,cgroup,time}; cat /proc/self/cgroup; hostname; pwd; umask'

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

check_same() {
	hold one ana@room
	check "the room is on record" poll 10 eval 'ctl list ana >/dev/null'
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
check_hostile() {
	enter ana 'for f in .profile .bash_profile .bashrc .bash_login; do
			echo "id -u >>~/who; cat /proc/self/status >~/status" >$f
		done
		mkdir bin; printf "#!/bin/sh\nid -u >>~/who\nexec /bin/true\n" >bin/bash; chmod 755 bin/bash' </dev/null
	enter ana 'bash -lc true; ~/bin/bash' </dev/null
	ctl enter ana -- bash -l </dev/null
	is "they ran as the user" "$(enter ana 'sort -u who' </dev/null)" 1001
	like "and under the filter" "$(enter ana 'cat status' </dev/null)" '^Seccomp:.2$'
	enter ana 'rm -rf who status bin .profile .bash_profile .bashrc .bash_login' </dev/null
	enter ana 'exec >/dev/null 2>&1 </dev/null; for i in {1..200}; do for p in /proc/[0-9]*; do cat $p/environ; ls $p/fd; done; done; true' </dev/null &
	for i in 1 2 3 4 5; do enter ana true </dev/null; done
	wait $!
	check "looking on while one comes in does no harm" enter ana true
}

check_who() {
	is "nobody of that name" "$(status ctl enter cara)" 1
	hold two ana@room
	check "the second room is on record" poll 10 eval '[ "$(ctl list ana --json | json "len(d)")" = 2 ]'
	is "several rooms: which one?" "$(status ctl enter ana -- true)" 1
	like "says so" "$(ctl enter ana -- true 2>&1)" 'several rooms'
	is "by its id" "$(enter "$(ctl list ana --json | json 'd[1]["id"]')" echo hello </dev/null)" hello
	hold_end two
	check "it has ended" poll 10 eval '[ "$(ctl list ana --json | json "len(d)")" = 1 ]'
	is "users may not" "$(setpriv --reuid 1001 --clear-groups "$STAGE_LIB/carrelctl" --state "$STATE_DIR" enter ana >/dev/null 2>&1; echo $?)" 3
}

check_unrestricted() {
	like "unrestricted: no filter" "$(ctl enter --unrestricted ana -- cat /proc/self/status </dev/null)" '^Seccomp:.0$'
	is "but the user all the same" "$(ctl enter --unrestricted ana -- id -u </dev/null)" 1001
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
	enter ana 'sleep 300' </dev/null >/dev/null 2>&1 &
	local visitor=$!
	check "a visitor is in" poll 10 eval 'ps ax | grep -q "[s]leep 300"'
	hold_end one
	check "the room's end ends the visit" poll 15 process_gone "$visitor"
	wait "$visitor"
}

host_start
room ana true
settle
before=$(census)
log_mark
check_same
check_streams
check_terminal
check_hostile
check_who
check_unrestricted
check_end
settle
same_census "nothing is left behind" "$before"
tap_done
