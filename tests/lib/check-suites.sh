#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A suite that no run names is a test that nobody runs: each live and guest suite must be in its runner's list. So is a case
# that no suite lists: each assertion is in one, and each can be run alone (tests/lib/tap.sh).
set -u
cd "$(dirname "$0")/../.." || exit 3
fail=0

listed() { # RUNNER DIRECTORY [NO-SUITE...]
	local runner=$1 dir=$2 list file name
	shift 2
	list=" $(awk '/\|\| (names|suites)=\($/ { on = 1; next } /^\)/ { on = 0 } on' "$runner" | xargs) "
	for file in "$dir"/*.sh; do
		name=$(basename "$file" .sh)
		[[ " $* " != *" $name "* ]] || continue
		[[ $list == *" $name "* ]] || { echo "$file: not in the list of $runner" >&2 && fail=1; }
	done
}

complain() {
	echo "$*" >&2
	fail=1
}

# needs_of SUITE: "CASE EARLIER" for each that is said
needs_of() {
	(needs() {
		local name earlier
		for name in $1; do
			for earlier in "${@:2}"; do echo "$name $earlier"; done
		done
	}
	eval "$(awk '/^needs / { on = 1 } on; on && !/\\$/ { on = 0 }' "$1")")
}

# has_form SUITE: one list of cases, each with its function; each function check_X listed, or called by one; what a case
# needs comes before it; no assertion but "check" outside of cases, since what stands there is set-up and clean-up.
has_form() {
	local file=$1 name listed=() earlier
	[ "$(grep -c '^run_cases "$@" --' "$file")" = 1 ] || complain "$file: run_cases \"\$@\" -- must be there once"
	mapfile -t listed < <(cases_of "$file")
	for name in "${listed[@]}"; do
		grep -q "^check_$name() {" "$file" || complain "$file: case $name has no function check_$name"
	done
	while read -r name; do
		[[ " ${listed[*]} " == *" ${name#check_} "* ]] || grep -vE "^(#|$name\(\))" "$file" | grep -qw "$name" ||
			complain "$file: $name is in no list of cases"
	done < <(grep -oP '^check_\w+(?=\(\))' "$file")
	while read -r name earlier; do
		[[ " ${listed[*]} " =~ " ${earlier#check_} "(.* )?"${name#check_} " ]] ||
			complain "$file: $name needs $earlier, which is not before it"
	done < <(needs_of "$file")
	! grep -HnE '^(is|isnt|like|unlike|refute|ok|not_ok) ' "$file" >&2 || complain "$file: an assertion outside of cases"
}

listed tests/live/run.sh tests/live run demo play clients regress control
listed tests/guest/run.sh tests/guest/suites
. tests/lib/tap.sh
rm -f "$tap_file"
for suite in tests/live/*.sh tests/guest/suites/*.sh; do
	case $suite in
	tests/live/run.sh | tests/live/demo.sh | tests/live/play.sh | tests/live/control.sh) ;;
	tests/guest/suites/live.sh | tests/guest/suites/own.sh) ;;
	*) has_form "$suite" ;;
	esac
done
exit $fail
