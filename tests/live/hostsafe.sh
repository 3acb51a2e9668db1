#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The host stays as it is: its mount table to the byte, before, during and after; and many logins at once leave nothing.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

LOGINS=40

# unchanged NAME: the host's mounts are to the byte what they were
unchanged() {
	if cat /proc/self/mountinfo | cmp -s - $STAGE_LOG/mountinfo; then # cmp alone goes by the sizes, 0 under /proc
		ok "$1"
	else
		not_ok "$1" "$(diff $STAGE_LOG/mountinfo /proc/self/mountinfo)"
	fi
}

check_mounts() {
	local user
	for user in ana bob dora; do
		hold "$user" "$user@room"
	done
	unchanged "mountinfo during logins of three kinds"
	hold_ask ana 'mount -t tmpfs none /tmp; unshare -r -m mount -t tmpfs none /mnt' >/dev/null
	unchanged "and while one tries to mount"
	is "shared propagation goes nowhere" "$(awk '$7 ~ /^shared/ { print $5 }' /proc/self/mountinfo)" ""
	# A mount that the host makes later does not come into a room that a user may write to.
	mount -t tmpfs -o mode=1777 later /mnt
	mount -t tmpfs -o mode=1777 later /srv/carrel/drop
	is "a later mount of the host is not writable inside" \
		"$(hold_ask ana 'touch /mnt/x /srv/carrel/drop/x 2>/dev/null; grep -c " later " /proc/self/mountinfo; ls /mnt')" 0
	check "and can be taken away while rooms stand" umount /srv/carrel/drop
	check "all of it" umount /mnt
	for user in ana bob dora; do
		hold_end "$user"
	done
	poll 5 eval '[ -z "$(helper_pids supervisor)" ]'
	unchanged "mountinfo afterwards"
}

# The host shares its mounts, as systemd does: still nothing comes out.
check_shared() {
	mount --make-rshared /
	cat /proc/self/mountinfo >$STAGE_LOG/mountinfo
	hold sharing ana@room
	unchanged "shared mounts: mountinfo during a login"
	# A file system that is mounted before must be free to go: a room may not pin it.
	mkdir -p /tmp/disk
	mount -t tmpfs disk /tmp/disk
	hold pinning cara@room
	check "shared mounts: a file system can be unmounted while rooms stand" umount /tmp/disk
	is "and is gone from the rooms" "$(hold_ask pinning 'grep -c " disk " /proc/self/mountinfo')" 0
	hold_end pinning
	hold_end sharing
	rmdir /tmp/disk
	poll 5 eval '[ -z "$(helper_pids supervisor)" ]'
	unchanged "shared mounts: mountinfo afterwards"
	mount --make-rprivate /
	cat /proc/self/mountinfo >$STAGE_LOG/mountinfo
}

check_crowd() {
	local i users=(ana cara bob dora) pids=() failed=0 gate
	log_mark
	mkfifo $STAGE_LOG/gate
	exec {gate}<>$STAGE_LOG/gate
	for ((i = 0; i < LOGINS; i++)); do
		# All stay until the gate's last writer is gone, which is why none of them may hold it.
		SSH_LIMIT=$((120 * CARREL_PATIENCE)) s "${users[i % 4]}@room" 'cat >/tmp/x; echo in' <$STAGE_LOG/gate {gate}>&- \
			>"$STAGE_LOG/crowd.$i" 2>&1 &
		pids+=($!)
	done
	# Ten rooms of each of ana and cara, one of bob's and one of dora's.
	check "$LOGINS logins stand at once, in $((LOGINS / 2 + 2)) rooms" poll 60 eval \
		'[ "$(helper_pids init | wc -l)" -eq $((LOGINS / 2 + 2)) ]'
	unchanged "mountinfo in the crowd"
	exec {gate}>&-
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" && grep -qx in "$STAGE_LOG/crowd.$i" || { failed=$((failed + 1)) && cat "$STAGE_LOG/crowd.$i"; }
	done
	[ $failed = 0 ] || log_since refused
	is "$LOGINS logins at once all get in" "$failed" 0
	CENSUS_LIMIT=15 same_census "and leave nothing behind" "$before"
}

check_files() {
	is "no file of the host changed but homes and login records" \
		"$(find /etc /home /var/log /tmp /var/tmp /root -newer $STAGE_LOG/mountinfo ! -path '/home/bob*' ! -path '/var/log/*' \
		-type f 2>/dev/null)" ""
}

host_start
room ana true
room dora true
settle
cat /proc/self/mountinfo >$STAGE_LOG/mountinfo
before=$(census)
run_cases "$@" -- check_mounts check_crowd check_shared check_files
tap_done
