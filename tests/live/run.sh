#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the live tests and adds up. Usage: run.sh [NAME...], e.g. run.sh doors share
set -u
here=$(dirname "$0")
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(inside doors share other who refuse crash hostsafe policies matrix template ctl manual top pager enter rehearse try why show view control)
passed=0 failed=0 skipped=0
trap 'exit 130' INT
report=$(mktemp) || exit 3
trap 'rm -f "$report"' EXIT

for name in "${names[@]}"; do
	start=$SECONDS
	echo "== $name"
	# A bound, so that one that hangs is named, and not the whole run lost.
	timeout -k 30 "$((900 * ${CARREL_PATIENCE:-2}))" "$here/$name.sh" 2>&1 | tee "$report"
	if [[ $(tail -n 1 "$report") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
	else
		echo "not ok - $name did not run to its end"
		failed=$((failed + 1))
	fi
	echo "== $name took $((SECONDS - start)) s"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
