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

# poll SECONDS COMMAND...: runs it until it succeeds; false when the time, times CARREL_PATIENCE, is up
poll() {
	local end=$((SECONDS + $1 * CARREL_PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && return 1
		sleep 0.05
	done
}

tap_done() {
	rm -f "$tap_file"
	echo "$tap_passed passed, $tap_failed failed, $tap_skipped skipped"
	[ $tap_failed -eq 0 ]
}
