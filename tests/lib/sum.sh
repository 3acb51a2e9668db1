# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the runners of live and guest suites have in common: adding up, and all that was red once more at the end, where
# a reader of a long log looks first. Sourced by them.
passed=0
failed=0
skipped=0
red=

# add_up SUITE REPORT: REPORT is a file with what the suite printed
add_up() {
	if [[ $(tail -n 1 "$2") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
		red+=$(awk -v suite="$1" '/^not ok/ { on = 1; print suite ": " $0; next } /^#   / && on { print; next } { on = 0 }' "$2")$'\n'
	else
		add_failed "$1 did not run to its end"
	fi
}

# add_failed LINE [COUNT]: something that is red and no suite's test
add_failed() {
	echo "not ok - $1"
	failed=$((failed + ${2-1}))
	red+="$1"$'\n'
}

# Prints the sum; false when anything was red.
sum_up() {
	[ $failed -eq 0 ] || printf 'What was red:\n%s\n' "$(sed '/^$/d' <<<"$red")"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}
