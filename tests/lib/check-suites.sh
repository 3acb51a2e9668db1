#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A suite that no run names is a test that nobody runs: each live and guest suite must be in its runner's list.
set -u
cd "$(dirname "$0")/../.." || exit 3
fail=0

listed() { # RUNNER DIRECTORY [NO-SUITE...]
	local runner=$1 dir=$2 list file name
	shift 2
	list=" $(sed -n 's/.*(\([a-z ]*\)).*/\1/p' <(grep -E '(names|suites)=\([a-z]' "$runner")) "
	for file in "$dir"/*.sh; do
		name=$(basename "$file" .sh)
		[[ " $* " != *" $name "* ]] || continue
		[[ $list == *" $name "* ]] || { echo "$file: not in the list of $runner" >&2 && fail=1; }
	done
}

listed tests/live/run.sh tests/live run demo play
listed tests/guest/run.sh tests/guest/suites
exit $fail
