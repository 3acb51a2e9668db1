# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Counting of test results for the live tests, in the manner of TAP.
#
# A name that begins with "[O]" says: the thing is open to a bare login, so this test is red without carrel
# (tests/live/control.sh holds it to that).

# Waits are for what must come: how long they last at most decides nothing but when to give up. This many times what an idle
# machine needs; an emulated one wants more.
export CARREL_PATIENCE=${CARREL_PATIENCE:-3}

tap_passed=0
tap_failed=0
tap_skipped=0

ok() {
	tap_passed=$((tap_passed + 1))
	echo "ok $((tap_passed + tap_failed + tap_skipped)) - $1"
}

# not_ok NAME [DETAIL...]
not_ok() {
	tap_failed=$((tap_failed + 1))
	echo "not ok $((tap_passed + tap_failed + tap_skipped)) - $1"
	shift
	local line
	for line in "$@"; do
		printf '%s\n' "$line" | head -n 12 | cut -c 1-300 | sed 's/^/#   /'
	done
}

# A skip that nobody expects: red when CARREL_MUST_WORK=1.
skip() {
	if [ "${CARREL_MUST_WORK:-0}" = 1 ]; then
		not_ok "$1" "skipped: $2"
		return
	fi
	skip_here "$1" "$2"
}

# A skip that is right on this kind of machine; the reason is printed.
skip_here() {
	tap_skipped=$((tap_skipped + 1))
	echo "ok $((tap_passed + tap_failed + tap_skipped)) - $1 # SKIP $2"
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got:    $2" "wanted: $3"; fi
}

isnt() {
	if [ "$2" != "$3" ]; then ok "$1"; else not_ok "$1" "got what it must not be: $2"; fi
}

# like NAME GOT REGEX (extended, matched per line)
like() {
	if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "got: $2" "wanted a line like: $3"; fi
}

unlike() {
	if grep -Eq -- "$3" <<<"$2"; then not_ok "$1" "got: $2" "wanted no line like: $3"; else ok "$1"; fi
}

tap_file=$(mktemp) || exit 3

# check NAME COMMAND...: passes when the command does; no subshell, so it may set variables
check() {
	local name=$1
	shift
	if "$@" >"$tap_file" 2>&1; then ok "$name"; else not_ok "$name" "failed ($?): $*" "$(cat "$tap_file")"; fi
}

# refute NAME COMMAND...: passes when the command fails
refute() {
	local name=$1
	shift
	if "$@" >"$tap_file" 2>&1; then not_ok "$name" "worked: $*" "$(cat "$tap_file")"; else ok "$name"; fi
}

# poll SECONDS COMMAND...: runs it until it succeeds; false when the time, times CARREL_PATIENCE, is up. Who waits in vain
# is told at the suite's end: what never comes makes a suite slow, and a test that goes on all the same hides it.
poll() {
	local end=$((SECONDS + $1 * CARREL_PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			printf '# waited in vain: %.140s (%s)\n' "${*//$'\n'/ }" "${FUNCNAME[*]:1}" >>"$tap_file.vain"
			return 1
		fi
		sleep 0.05
	done
}

# ---- cases -----------------------------------------------------------------------------------------------------
#
# A suite is a list of cases, each a function check_NAME, and ends in
#
#	needs check_told check_first
#	run_cases "$@" -- check_first check_told check_last
#	tap_done
#
# With names as its arguments ("told", "check_told") it runs only those, in the order of the list, and what they need before
# them; set-up and clean-up stand around and always run. --cases lists what there is. tests/lib/check-suites.sh holds each
# suite to this form.

declare -A case_needs=()
cases_chosen=" "

# needs CASE EARLIER...: the case (or several, as one word) goes on from what those have left
needs() {
	local name
	for name in $1; do
		case_needs[$name]+=" ${*:2}"
	done
}

# cases_of FILE: the names in its list, without "check_"
cases_of() {
	awk '/^run_cases "\$@" --/ { on = 1 } on; on && !/\\$/ { exit }' "$1" | grep -o '\bcheck_[a-z0-9_]*' | sed 's/^check_//'
}

# cases_begin FILE NAME...: where a suite begins, before anything is set up. Ends here for --cases, and when one of the names
# is none of its cases.
cases_begin() {
	local file=$1 name have
	shift
	[ $# -gt 0 ] || return 0
	have=" $(cases_of "$file" | xargs) "
	[ "$have" != "  " ] || return 0 # its arguments are something else
	if [ "$1" = --cases ]; then
		xargs -n 1 <<<"$have"
		exit 0
	fi
	for name; do
		[[ $have == *" ${name#check_} "* ]] && continue
		echo "$(basename "$file" .sh) has no case \"$name\"; its cases are:$have" >&2
		exit 2
	done
}

case_choose() { # CASE: and what it needs
	local earlier
	[[ $cases_chosen != *" $1 "* ]] || return 0
	cases_chosen+="$1 "
	for earlier in ${case_needs[$1]-}; do
		case_choose "$earlier"
	done
}

# run_cases [NAME...] -- CASE...
run_cases() {
	local name all=1 start
	for name; do
		shift
		[ "$name" != -- ] || break
		all=0
		case_choose "check_${name#check_}"
	done
	for name; do
		[ $all = 1 ] || [[ $cases_chosen == *" $name "* ]] || continue
		echo "# ${name#check_}"
		start=$SECONDS
		"$name"
		[ $((SECONDS - start)) -lt 10 ] || echo "# ${name#check_} took $((SECONDS - start)) s" # to find what is long
	done
}

tap_done() {
	[ ! -s "$tap_file.vain" ] || sort "$tap_file.vain" | uniq -c
	rm -f "$tap_file" "$tap_file.vain"
	echo "$tap_passed passed, $tap_failed failed, $tap_skipped skipped"
	[ $tap_failed -eq 0 ]
}
