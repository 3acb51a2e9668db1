#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one user can take of things that the host has a number of for all: the caps of docs/threat-model.md that nothing
# else tests.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

# take USER PROGRAM: what a Python program, as that user in a room, says it got
take() {
	printf '%s\n' "$2" | s "$1@room" 'python3 -' 2>&1
}

check_terminals() {
	host_config '' 'ptys = 5;'
	is "terminals: as many as the policy gives the room, sshd's own included" "$(take ana '
import os
n = 0
try:
    while n < 100:
        os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
        n += 1
except OSError as e:
    print(n, e.strerror)')" "5 No space left on device"
	is "another room has its own" "$(room_tty cara 'echo in')" in
	host_config
}

# Of a user's own IPC namespace: the host counts none of them.
check_ipc() {
	local before
	before=$(ls /dev/shm | wc -l; ipcs -m -s -q | wc -l)
	is "message queues: the bytes that RLIMIT_MSGQUEUE gives a user" "$(take ana '
import ctypes, os
rt = ctypes.CDLL("librt.so.1", use_errno=True)
n = 0
while n < 256:
    q = rt.mq_open(b"/q%d" % n, os.O_CREAT | os.O_RDWR, 0o600, None)
    if q < 0:
        break
    rt.mq_close(q)
    n += 1
print(0 < n < 256, os.strerror(ctypes.get_errno()))')" "True Too many open files"
	hold ipc ana@room
	is "shared memory in a room" "$(hold_ask ipc 'ipcmk -M 1M >/dev/null && ipcs -m | grep -c "^0x"')" 1
	is "is no object of the host's" "$(ls /dev/shm | wc -l; ipcs -m -s -q | wc -l)" "$before"
	hold_end ipc
}

# One system call each, by number: no program is needed for them.
check_keys() {
	is "keyrings: no call makes a key, so none of the user's quota is used" "$(take ana '
import ctypes, errno, platform
c = ctypes.CDLL(None, use_errno=True)
first = 248 if platform.machine() == "x86_64" else 217
got = []
for nr in (first, first + 1, first + 2):
    c.syscall(nr, b"user", b"k", b"x", 1, -3)
    got.append(errno.errorcode[ctypes.get_errno()])
print(*got)')" "ENOSYS ENOSYS ENOSYS"
}

check_files() {
	host_config '' 'tmp = { size = "4M"; };'
	is "temporary files: no more bytes and no more of them than the room's size" "$(take ana '
import os
n = 0
try:
    while n < 100000:
        os.close(os.open("/tmp/f%d" % n, os.O_CREAT | os.O_WRONLY))
        n += 1
except OSError as e:
    print(n < 100000, e.strerror)')" "True No space left on device"
	host_config
}

check_log() {
	local i
	room gus true >/dev/null
	log_mark
	for i in 1 2 3 4 5; do
		room gus true >/dev/null
	done
	# Those of pam_unix and sshd are there without carrel as well.
	is "the log: a refused login is two lines, one where the service's own are" "$(log_since 'carrel' | wc -l)" 10
}

host_start
run_cases "$@" -- check_terminals check_ipc check_keys check_files check_log
tap_done
