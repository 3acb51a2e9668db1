#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests without carrel and holds them to their marks: each [O] must be red then, or it proves nothing.
# Usage: control.sh [TEST...]
set -u
. "$(dirname "$0")/../lib/tap.sh"

for test in "${@:-inside}"; do
	report=$(CARREL=0 "$(dirname "$0")/$test.sh" 2>&1)
	like "$test ran to its end without carrel" "$report" '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'
	while read -r line; do
		name=${line#*- }
		if [[ $line = "not ok"* ]]; then ok "red without carrel: $test: $name"; else not_ok "red without carrel: $test: $name"; fi
	done < <(grep -F -- '- [O]' <<<"$report")
done
tap_done
