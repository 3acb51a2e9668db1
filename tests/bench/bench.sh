#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a login costs, beside the same work done otherwise; docs/performance.md says what each figure means.
# Usage, as root: CARREL_BUILD=build tests/bench/bench.sh       (make bench)
# Prints a table and writes $CARREL_BUILD/bench.tsv. Fails when something does not work, never because it is slow.
set -u
cd "$(dirname "$0")/../.." && . tests/bench/stage.sh || exit 1
REPO=$PWD
CARREL_BUILD=$(realpath "${CARREL_BUILD:-build}")
ROUNDS=${BENCH_ROUNDS:-200}
FEW=$(((ROUNDS * 3 + 4) / 5))
export CARREL_BUILD
[ "${BENCH_INSIDE-}" = 1 ] || stage_enter "$REPO" "$REPO/tests/bench/bench.sh"

. tests/bench/peers.sh
RAW=$CARREL_BUILD/bench.raw
TSV=$CARREL_BUILD/bench.tsv
mkdir -p "$CARREL_BUILD"
: >"$RAW"
printf 'name\tvalue\tunit\n' >"$TSV"
. tests/bench/figures.sh

# ---- the floor ------------------------------------------------------------------------------------------------

make_floor() {
	local trace
	# Twice: the second time the filter is in the cache.
	$B/driver -c $B/pam -n 1 -w 1 "pam=x:bench-full bench1" >/dev/null || die "carrel does not open a session"
	strace -ff -X raw -v -s 4096 -o $B/trace $B/driver -c $B/pam -n 1 -w 0 "pam=x:bench-full bench1" >/dev/null ||
		die "carrel does not open a session under strace"
	trace=$(grep -l '^pivot_root(' $B/trace.*) || die "no pivot_root in the trace"
	awk -f $B/floor_ops.awk "$trace" >$B/floor_ops.h || die "floor_ops.awk"
	rm -f $B/trace.*
	mkdir -p $B/tests && ln -s $B $B/tests/bench
	${CC:-gcc} -std=gnu17 -O2 -static -D_GNU_SOURCE -I$B -o $B/floor $B/floor.c || die "the floor does not compile"
	cut_filter
}

# The instructions alone, from the cache's only entry: header of 24 bytes with the count in its last four, key, code.
cut_filter() {
	local entry count
	entry=$(ls /run/carrel/cache/*.bpf | head -n 1)
	count=$(od -An -tu4 -j20 -N4 "$entry" | tr -d ' ')
	FILTER=$B/filter.bpf
	tail -c $((count * 8)) "$entry" >$FILTER
	figure filter_instructions "$count" count
}

# ---- what is measured -----------------------------------------------------------------------------------------

bench_open() {
	step "open: carrel, floor, bubblewrap, crun, pam_namespace; $ROUNDS rounds"
	race "$ROUNDS" "pam=open:bench-full bench1" "floor=open_floor:$B/floor room" "start=open_bwrap:${BWRAP[*]}" \
		"start=open_bwrap_lean:${BWRAP_LEAN[*]}" "start=open_crun:${CRUN[*]}" "pam=open_pam_namespace:bench-namespace bench1" \
		"pam=pam_permit:bench-permit bench1"
	median open; p99 open
	figure close_ms "$(field open 4)" ms
	figure close_p99_ms "$(field open 5)" ms
	local name
	for name in floor bwrap bwrap_lean crun pam_namespace; do
		median "open_$name"; p99 "open_$name"
		ratio "open_vs_$name" open "open_$name"
	done
	median pam_permit
}

bench_steps() {
	local name
	step "open, with one part less in each; $FEW rounds"
	race "$FEW" "pam=full:bench-full bench1" "pam=nofilter:bench-nofilter bench1" \
		"pam=realhome:bench-realhome bench1" "pam=hostnet:bench-hostnet bench1" "pam=notime:bench-notime bench1" \
		"pam=nohide:bench-nohide bench1" "pam=nocaps:bench-nocaps bench1" \
		"pam=noaccounting:bench-noaccounting bench1" \
		"floor=floor:$B/floor room" "floor=floor_bare:$B/floor bare" \
		"exit=helper:$HELPER --version" "start=exec:$B/payload"
	less step_filter_ms full nofilter
	less step_home_overlay_ms full realhome
	less step_network_ms full hostnet
	less step_time_ms full notime
	less step_mounts_kernel_ms floor floor_bare
	figure step_floor_without_mounts_ms "$(field floor_bare 2)" ms
	less step_hide_ms full nohide
	less step_caps_ms full nocaps
	less step_accounting_ms full noaccounting
	figure step_helper_start_ms "$(field helper 2)" ms
	figure step_exec_static_ms "$(field exec 2)" ms
	step "open with the filter compiled, and with the host's name services"
	rm -f $B/uncached
	for name in {1..25}; do
		rm -f /run/carrel/cache/*
		$B/driver -c $B/pam -n 1 -w 0 "pam=x:bench-full bench1" >>$B/uncached || die "no session"
	done
	figure open_uncached_ms "$(cut -f2 $B/uncached | sort -n | sed -n 13p)" ms
	cp /etc/nsswitch.conf $B/nsswitch.files
	cp $B/nsswitch.host /etc/nsswitch.conf
	race 60 "pam=open_host_names:bench-full bench1"
	cp $B/nsswitch.files /etc/nsswitch.conf
	median open_host_names
}

bench_join() {
	local server
	step "joining a room; $ROUNDS rounds"
	mkfifo $B/ready
	$B/floor serve carrel-bench >$B/ready &
	server=$!
	read -r _ <$B/ready || die "the floor's room does not stand"
	hold 1 bench-join bench1
	race "$ROUNDS" "pam=join:bench-join bench1" "floor=join_floor:$B/floor join carrel-bench"
	release
	median join; p99 join; median join_floor; ratio join_vs_floor join join_floor
	figure join_close_ms "$(field join 4)" ms
	if [ -n "$CGROUP" ]; then
		hold 1 bench-joincgroup bench1
		race "$FEW" "pam=join_cgroup:bench-joincgroup bench1" \
			"floor=join_cgroup_floor:$B/floor join carrel-bench $CGROUP/floor"
		release
		median join_cgroup; median join_cgroup_floor; ratio join_cgroup_vs_floor join_cgroup join_cgroup_floor
		figure join_cgroup_close_ms "$(field join_cgroup 4)" ms
	fi
	kill "$server"
	wait "$server" 2>/dev/null
}

# An image under an overlay that forgets, without and with a user namespace of the room's own.
bench_own() {
	step "open with a user namespace of the room's own; $FEW rounds"
	race "$FEW" "pam=open_image:bench-image bench1" "pam=open_own:bench-own bench1"
	median open_image; median open_own; ratio open_own_vs_image open_own open_image
	sleep 0.5
	hold 1 bench-own bench1
	sleep 0.3
	figure own_pss_kib "$(pss_of_helpers)" KiB
	release
	sleep 0.5
}

# Sum over supervisors and inits: our helper is the only program of that path in this PID namespace.
pss_of_helpers() {
	pss_of "$HELPER"
}

pss_of() { # PROGRAM
	local p sum=0 kib
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/exe" 2>/dev/null)" = "$1" ] || continue
		kib=$(awk '/^Pss:/ { print $2 }' "$p/smaps_rollup" 2>/dev/null)
		sum=$((sum + ${kib:-0}))
	done
	echo $sum
}

bench_memory() {
	step "memory"
	sleep 0.5 # for what came before to be gone
	[ "$(pss_of_helpers)" = 0 ] || die "a room is left over"
	hold 1 bench-full bench1
	sleep 0.3
	figure pss_kib "$(pss_of_helpers)" KiB
	release
	sleep 0.5
	hold 10 bench-full bench1
	sleep 0.5
	figure pss_of_10_kib "$(awk -v s="$(pss_of_helpers)" 'BEGIN { printf "%.1f", s / 10 }')" KiB
	release
	sleep 0.5
}

# The machine drifts: one live login is measured before and after, and the floor takes turns with carrel.
bench_many() {
	local n name before
	for name in 1 100 1000 1_again; do
		n=${name%_again}
		step "open beside $n live logins"
		before=$(kernel_kib)
		hold "$n" bench-full bench2
		[ "$n" -ne 1000 ] || figure kernel_kib_per_login $((($(kernel_kib) - before) / n)) KiB
		race "$FEW" "pam=open_$name:bench-full bench1" "floor=open_${name}_floor:$B/floor room"
		release
		sleep 1 # the kernel takes namespaces apart in the background
	done
	mean_of open_1 open_1_again
	mean_of open_1_floor open_1_again_floor
	for n in 1 100 1000; do
		median open_$n
		median open_${n}_floor
		figure close_${n}_ms "$(field open_$n 4)" ms
	done
	ratio open_100_vs_1 open_100 open_1
	ratio open_1000_vs_1 open_1000 open_1
	ratio open_1000_vs_1_floor open_1000_floor open_1_floor
}

# The same isolation by users themselves, without root: carrel-shell, and bubblewrap as they would start it. Each has
# setpriv(1) before it, and a program that writes a byte for a shell.
bench_alone() {
	local as="/usr/bin/setpriv --reuid bench1 --regid bench1 --clear-groups"
	step "rooms that users make: carrel-shell, bubblewrap; $ROUNDS rounds"
	stage_alone
	race "$ROUNDS" "start=alone:$as $B/carrel-shell" "start=alone_bwrap:$as ${BWRAP[*]}" \
		"start=alone_bwrap_lean:$as ${BWRAP_LEAN[*]}" "start=alone_exec:$as $B/payload"
	median alone; p99 alone
	local name
	for name in bwrap bwrap_lean; do
		median "alone_$name"; ratio "alone_vs_$name" alone "alone_$name"
	done
	median alone_exec
	bench_podman
	usermod -s /bin/sh bench1
	$CTL shell publish bench1 || die "nothing can be published"
	mkfifo $B/stay
	$as $B/carrel-shell -c "echo; read x" <$B/stay >$B/stays &
	exec 8>$B/stay
	until [ -s $B/stays ]; do sleep 0.05; done
	sleep 0.3
	figure alone_pss_kib "$(pss_of "$B/carrel-shell")" KiB
	exec 8>&-
	wait $!
}

# By the same user, from a root that is there already, without an image store or a network: the least that podman does. Its
# packages start services of the host, so it is measured where somebody has installed them.
bench_podman() {
	local as="/usr/bin/setpriv --reuid bench1 --regid bench1 --clear-groups" home=/home/bench1 root=$B/podman-root
	[ -x /usr/bin/podman ] || { step "no podman here: not measured"; return 0; }
	mkdir -p $root/bin
	cp $B/payload $root/bin/
	install -d -o bench1 -m 0700 /run/user/1001
	cat >$B/podman <<-END
		#!/bin/sh
		export HOME=$home XDG_RUNTIME_DIR=/run/user/1001 PATH=/usr/bin:/usr/sbin:/sbin
		exec podman run --rm --network none --cgroups disabled --log-driver none --rootfs $root:O /bin/payload
	END
	chmod 0755 $B/podman
	if ! $as $B/podman >/dev/null 2>$B/podman.said; then
		step "podman does not run here: $(tail -n 1 $B/podman.said)"
		return 0
	fi
	race 20 "start=alone_again:$as $B/carrel-shell" "start=alone_podman:$as $B/podman"
	median alone_podman
	ratio alone_vs_podman alone_again alone_podman
}

bench_ssh() {
	local ssh="/usr/bin/ssh -F none -i $B/keys/user -o BatchMode=yes -o StrictHostKeyChecking=no"
	ssh+=" -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o GSSAPIAuthentication=no"
	step "ssh host true"
	stage_ssh
	sleep 1
	race 60 "exit=ssh_bare:$ssh -p 7023 bench1@127.0.0.1 true" "exit=ssh_carrel:$ssh -p 7022 bench1@127.0.0.1 true"
	median ssh_bare; median ssh_carrel; ratio ssh_vs_bare ssh_carrel ssh_bare
	bench_last "$ssh"
}

# A whole login through carrel-shell, the last stage, into the user namespace of an own room; beside one into the same room
# without. And sudo in there beside sudo on the host, by the same loop of the shell's.
bench_last() {
	local ssh="$1" where name
	step "ssh host true through carrel-shell; sudo in an own room"
	race 60 "exit=ssh_plain:$ssh -p 7022 bench3@127.0.0.1 true" "exit=ssh_last:$ssh -p 7022 bench4@127.0.0.1 true"
	median ssh_plain; median ssh_last; ratio ssh_last_vs_plain ssh_last ssh_plain
	echo 'bench3 ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/bench
	chmod 0440 /etc/sudoers.d/bench
	cat >$B/sudo.loop <<-'SH'
		for i in {1..25}; do
			before=$EPOCHREALTIME
			sudo -n true || exit 1
			after=$EPOCHREALTIME
			echo $((${after/./} - ${before/./}))
		done
	SH
	for name in 1 2 3; do # turns: the machine drifts
		setpriv --reuid bench3 --regid bench3 --init-groups --reset-env bash $B/sudo.loop >>$B/sudo.host ||
			die "no sudo on the host"
		$ssh -p 7022 bench4@127.0.0.1 "bash $B/sudo.loop" >>$B/sudo.own || die "no sudo in the room"
	done
	for where in host own; do
		sort -n $B/sudo.$where | awk -v name=sudo_$where '{ v[NR] = $1 / 1000 }
			END { printf "%s\t%.3f\t%.3f\n", name, v[int((NR + 1) / 2)], v[NR] }' >>"$RAW"
		median sudo_$where
	done
	ratio sudo_vs_host sudo_own sudo_host
}

mount --make-rprivate /
ip link set lo up
stage_files "$REPO" "$CARREL_BUILD"
stage_cgroup
stage_policies
make_floor
bwrap_set_up
crun_set_up
bench_open
bench_steps
bench_join
bench_own
bench_memory
bench_alone
bench_many
bench_ssh
step done
echo "$(uname -srm), $(nproc) CPUs, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
table open_vs_floor=1.7 open_vs_bwrap=0.6 join_vs_floor=1.5 open_own_vs_image=1.3 \
	pss_kib=400 open_1000_vs_1=1.3 alone_vs_bwrap=0.7 ssh_vs_bare=1.05 ssh_last_vs_plain=1.3
