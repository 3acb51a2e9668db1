#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two halves of a long check on one machine: one runs here, the other beside it, with its output behind this one's. A guest
# waits most of its time, and so does a live suite. Where there is no second processor, or no memory for both, they run one
# after the other. When the half here is red, the other is ended.
# Usage: beside.sh COMMAND-BESIDE COMMAND-HERE, each for the shell. Environment: BESIDE=no; BESIDE_MEMORY=KIB that both need
set -u
beside=$1 here=$2
log= pid=

end() {
	[ -z "$pid" ] || kill -TERM -- "-$pid" 2>/dev/null
	[ -z "$log" ] || rm -f "$log"
}

has_room() {
	local memory
	memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	[ "${BESIDE-}" != no ] && [ "$(nproc)" -gt 1 ] && [ "${memory:-0}" -ge "${BESIDE_MEMORY:-6500000}" ]
}

has_room || { bash -c "$here" && bash -c "$beside"; exit; }
trap end EXIT
trap 'exit 130' INT TERM HUP
log=$(mktemp) || exit 3
set -m # a group of its own, which can be ended as a whole
bash -c "$beside" >"$log" 2>&1 </dev/null &
pid=$!
set +m
echo "== beside: $beside"
start=$SECONDS
bash -c "$here" || exit
echo "== here: $((SECONDS - start)) s; beside it ran: $beside"
tail -n +1 -f --pid="$pid" "$log"
wait "$pid"
status=$?
pid=
echo "== both: $((SECONDS - start)) s"
exit $status
