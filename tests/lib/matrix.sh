#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one login can do, tried inside it: prints "KEY yes" or "KEY no" for each try of tests/live/matrix.sh.
# Runs in: the login, as its user; sent there over its standard input, together with what it needs (see carry()).
# Usage: matrix.sh DIRECTORY SECONDS (that one try may take)
export M=$1 LC_ALL=C

probe_says_ok() {
	"$M/probe" "$@" | grep -qE '(^| )OK$'
}

try_home() { echo x >~/m.x && rm ~/m.x; }
try_run_home() { cp /bin/true ~/m.true && ~/m.true && rm ~/m.true; }
try_run_tmp() { cp /bin/true "/tmp/m.true.$USER" && "/tmp/m.true.$USER" && rm "/tmp/m.true.$USER"; }
try_hostdir() { touch "/srv/carrel/drop/$USER"; }
try_homes() { ls -d /home/ana; }
try_processes() { ps -e -o user= | grep -qvx "$USER"; }
try_names() { getent passwd root && getent group root && getent hosts localhost && [ "$(id -un)" = "$USER" ]; }
try_locale() { [ "$(LC_ALL=C.UTF-8 locale charmap)$(TZ=Pacific/Auckland date -d @0 +%H)" = UTF-812 ]; }
try_syslog() { logger --socket-errors=on -t matrix hello; }
try_tmux() {
	tmux -L m -f /dev/null new-session -d 'exec sleep 20' && tmux -L m list-sessions | grep -q windows
	local rc=$?
	tmux -L m kill-server
	return $rc
}
try_screen() { mkdir -m 700 "/run/screen/S-$USER" && rmdir "/run/screen/S-$USER"; }
try_lock() { flock -n "/var/lock/m.$USER" true && rm "/var/lock/m.$USER"; }
try_strace() { strace true 2>&1 | grep -q '^execve'; }
try_gdb() { gdb -q -nx -batch -ex starti -ex 'info registers rip' --args /bin/true 2>&1 | grep -q '^rip'; }
try_gdb_attach() {
	sleep 20 &
	gdb -q -nx -batch -p $! -ex 'info registers rip' 2>&1 | grep -q '^rip'
	local rc=$?
	kill $!
	return $rc
}
try_gdb_aslr() { setarch -R true; }
try_perf() { probe_says_ok perf; }
try_copy() {
	/usr/bin/python3 -c 'import ctypes, os
class V(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
source, copy = ctypes.create_string_buffer(b"hello"), ctypes.create_string_buffer(8)
to, what = V(ctypes.addressof(copy), 5), V(ctypes.addressof(source), 5)
n = ctypes.CDLL(None).process_vm_readv(os.getpid(), ctypes.byref(to), 1, ctypes.byref(what), 1, 0)
assert n == 5 and copy.value == b"hello"'
}
try_numa() { probe_says_ok mempolicy; }
try_io_uring() { probe_says_ok io-uring; }
try_compat() { probe_says_ok i386-getpid; }
try_ctypes() {
	/usr/bin/python3 -c 'import ctypes; assert ctypes.CDLL(None).getpid() > 0
assert ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)() == 7'
}
try_sysv() { ipcmk -M 4096 && ipcs -m | grep -q ^0x; }
try_sudo() { [ "$(sudo -n id -u)" = 0 ]; }
try_su() { [ "$(su root -c 'id -u')" = 0 ]; }
try_passwd() { passwd -S; }
try_chage() { chage -l "$USER"; }
try_quota() { quota -s; }
try_sendmail() { /usr/sbin/sendmail -i -f "$USER" somebody; }
try_mailbox() { grep -q 'From the host' "/var/mail/$USER"; }
try_ping() { ping -c 1 -W 3 127.0.0.1; }
try_crontab() { echo '0 0 1 1 * true' | crontab - && crontab -l | grep -q true; }
try_userns() { unshare -U -r true; }
try_bwrap() { bwrap --unshare-user --ro-bind / / true; }
try_podman() {
	unshare -U sleep 20 &
	local pid=$! i
	for i in {1..50}; do
		[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break
		sleep 0.1
	done
	newuidmap $pid 0 "$(id -u)" 1 1 100000 65536 && [ "$(wc -l <"/proc/$pid/uid_map")" = 2 ]
	local rc=$?
	kill $pid
	return $rc
}
try_fuse() { [ -r /dev/fuse ] && [ -w /dev/fuse ]; }
try_docker() { probe_says_ok unix /run/docker.sock; }
try_bus() { probe_says_ok unix /run/dbus/system_bus_socket; }
try_abstract() { probe_says_ok abstract m-outside; }
try_loopback() { exec 3<>/dev/tcp/127.0.0.1/7001; }
try_interfaces() { ip -o link | grep -q outer0; }
try_server() {
	/usr/bin/python3 -c 'import socket
a = socket.create_server(("127.0.0.1", 0)); b = socket.create_connection(a.getsockname()); a.accept()'
}

export -f probe_says_ok
for try in $(compgen -A function try_); do
	# shellcheck disable=SC2163 # the function of that name
	export -f "$try"
	if timeout -k 1 "$2" bash -c "$try" </dev/null >/dev/null 2>&1; then
		echo "${try#try_} yes"
	else
		echo "${try#try_} no"
	fi
done
