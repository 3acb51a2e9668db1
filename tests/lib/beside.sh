#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Parts of a long check on one machine: the first runs here, the others beside it, with their output behind this one's. A guest
# waits much of its time, and so does a live suite. Where there is no second processor, or no memory for all, they run one
# after the other. When the part here is red, the others are ended.
# What stands behind "--" is for the parts that are done first: it is taken in order, one at a time, so that there are never
# more than two guests. All must be green.
# Usage: beside.sh HERE [BESIDE...] [-- AFTER...], each a command for the shell. Environment: BESIDE=no; BESIDE_MEMORY=KIB that
# all need
set -u
parts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	parts+=("$1")
	shift
done
after=("${@:2}")
dir= pids=()

end() {
	local pid
	for pid in "${pids[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
	[ -z "$dir" ] || rm -rf "$dir"
}

# Only who makes the directory does it. What a command leaves behind does not hold the lock.
take_after() {
	local i lock
	exec {lock}>>"$dir/lock" && flock "$lock" || return
	for i in "${!after[@]}"; do
		mkdir "$dir/taken.$i" 2>/dev/null || continue
		(eval "exec $lock>&-" && exec bash -c "${after[i]}") || return
	done
	exec {lock}>&-
}

has_room() {
	local memory
	memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	[ "${BESIDE-}" != no ] && [ "$(nproc)" -gt 1 ] && [ "${memory:-0}" -ge "${BESIDE_MEMORY:-6500000}" ]
}

if ! has_room; then
	for part in "${parts[@]}" "${after[@]}"; do
		bash -c "$part" || exit
	done
	exit 0
fi
trap end EXIT
trap 'exit 130' INT TERM HUP
dir=$(mktemp -d) || exit 3
set -m # a group of its own for each, which can be ended as a whole
for i in "${!parts[@]}"; do
	[ "$i" -gt 0 ] || continue
	(start=$SECONDS && bash -c "${parts[i]}" && echo "== beside: $((SECONDS - start)) s: ${parts[i]}" && take_after) \
		>"$dir/log.$i" 2>&1 </dev/null &
	pids[i]=$!
	echo "== beside: ${parts[i]}"
done
set +m
start=$SECONDS status=0
bash -c "${parts[0]}" || exit
echo "== here: $((SECONDS - start)) s"
take_after || exit
for i in "${!pids[@]}"; do
	echo "== it ran beside: ${parts[i]}"
	tail -n +1 -f --pid="${pids[i]}" "$dir/log.$i"
	wait "${pids[i]}" || status=$?
	unset "pids[i]"
done
echo "== all: $((SECONDS - start)) s"
exit $status
