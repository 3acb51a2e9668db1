#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two halves of a long check on one machine: one runs here, the other beside it, with its output behind this one's. A guest
# waits most of its time, and so does a live suite. Where there is no second processor, or no memory for both, they run one
# after the other. When the half here is red, the other is ended.
# Usage: beside.sh COMMAND-BESIDE COMMAND-HERE [COMMAND-AFTER], each for the shell; the last one is for the half that is done
# first, and must be green, too. Environment: BESIDE=no; BESIDE_MEMORY=KIB that both need
set -u
beside=$1 here=$2 after=${3-}
log= pid=

end() {
	[ -z "$pid" ] || kill -TERM -- "-$pid" 2>/dev/null
	[ -z "$log" ] || rm -rf "$log" "$log.taken"
}

# Only who makes the directory does it.
take_after() {
	[ -n "$after" ] && mkdir "$log.taken" 2>/dev/null || return 0
	bash -c "$after"
}

has_room() {
	local memory
	memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	[ "${BESIDE-}" != no ] && [ "$(nproc)" -gt 1 ] && [ "${memory:-0}" -ge "${BESIDE_MEMORY:-6500000}" ]
}

has_room || { bash -c "$here" && bash -c "$beside" && bash -c "${after:-true}"; exit; }
trap end EXIT
trap 'exit 130' INT TERM HUP
log=$(mktemp) || exit 3
set -m # a group of its own, which can be ended as a whole
(bash -c "$beside" && take_after) >"$log" 2>&1 </dev/null &
pid=$!
set +m
echo "== beside: $beside"
start=$SECONDS
bash -c "$here" && take_after || exit
echo "== here: $((SECONDS - start)) s; beside it ran: $beside"
tail -n +1 -f --pid="$pid" "$log"
wait "$pid"
status=$?
pid=
echo "== both: $((SECONDS - start)) s"
exit $status
