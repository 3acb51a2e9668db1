# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the runners of live and guest suites have in common: adding up, and all that was red once more at the end, where
# a reader of a long log looks first. Sourced by them.
#
# A whole run takes an hour on a machine that others load, too, and one answer that came late would make all of it red. So a
# suite that was red in it is run once more, whole, and a third time when that was red as well, but by other checks. A check
# that was red in every run which reached it is red (verdict.awk); what was passed in another is named beside the sum, to be
# looked into. For a few suites and no more: many that waver are a fault. Suites that are named are run once, unless
# SUITES_AGAIN says how many may have another try.
passed=0
failed=0
skipped=0
red=
wavered=
again_left=${SUITES_AGAIN:-3}
runs=() # what each run of the suite at hand printed
SUM_LIB=$(dirname "${BASH_SOURCE[0]}")

# cases_in SUITE[:CASE,CASE...]: what is behind the colon
cases_in() {
	[[ $1 != *:* ]] || echo "${1#*:}"
}

verdict() { # SUITE
	local i files=()
	for i in "${!runs[@]}"; do # descriptors stay open until awk has read them
		exec {files[i]}< <(printf '%s\n' "${runs[i]}")
	done
	awk -v suite="$1" -f "$SUM_LIB/verdict.awk" "${files[@]/#//dev/fd/}"
	for i in "${files[@]}"; do
		exec {i}<&-
	done
}

ran_green() { # what it printed
	[[ ${1##*$'\n'} =~ ,\ 0\ failed,\ [0-9]+\ skipped$ ]]
}

# wants_again SUITE REPORT: a run is over that was red, and it may have another; REPORT is a file with what it printed
wants_again() {
	runs+=("$(tr -d '\0' <"$2")")
	! ran_green "${runs[-1]}" || return
	case ${#runs[@]} in
	1) [ "$again_left" -gt 0 ] && again_left=$((again_left - 1)) ;;
	2) [ "$(verdict "$1" | tail -n 1)" = 0 ] ;;
	*) false ;;
	esac || return
	echo "== $1: red; once more"
}

# add_up SUITE: it will not be run again
add_up() {
	local report=${runs[-1]} told
	if [[ ${report##*$'\n'} =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		skipped=$((skipped + BASH_REMATCH[3]))
	fi
	told=$(verdict "$1")
	failed=$((failed + ${told##*$'\n'}))
	red+=$(sed -n 's/^red //p' <<<"$told")$'\n'
	wavered+=$(sed -n 's/^wavered //p' <<<"$told")$'\n'
	runs=()
}

# add_failed LINE [COUNT]: something that is red and no suite's test
add_failed() {
	echo "not ok - $1"
	failed=$((failed + ${2-1}))
	red+="$1"$'\n'
}

# Prints the sum; false when anything was red.
sum_up() {
	red=$(sed '/^$/d' <<<"$red")
	wavered=$(sed '/^$/d' <<<"$wavered")
	[ -z "$wavered" ] || printf 'What was red in one run of a suite and not in another:\n%s\n' "$wavered"
	[ $failed -eq 0 ] || printf 'What was red:\n%s\n' "$red"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}
