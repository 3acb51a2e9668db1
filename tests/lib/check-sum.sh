#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What several runs of a suite come to (tests/lib/sum.sh), by suites that are made up: a check is red that was so in every run
# which reached it, and nothing that was red once is lost.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/sum.sh
fail=0
report=$(mktemp) || exit 3
trap 'rm -f "$report"' EXIT

# run OK... -- NOT-OK...: what a run of one case printed. Nothing behind a third "--": it did not come to its end
run() {
	local word sign=ok n=0 good=0 bad=0 whole=1
	echo "# told"
	for word; do
		case $word in
		--) sign="not ok" ;;
		END) whole=0 ;;
		*)
			n=$((n + 1))
			echo "$sign $n - $word"
			if [ "$sign" = ok ]; then good=$((good + 1)); else
				bad=$((bad + 1))
				echo "#   got: nothing"
			fi
			;;
		esac
	done
	[ $whole = 0 ] || echo "$good passed, $bad failed, 0 skipped"
}

# comes_to NAME WANTED TRIES RUN...: the sum of a suite that runs so, how often it ran, and what was told; RUN: words for run
comes_to() {
	local name=$1 want=$2 text one n=0
	again_left=$3 passed=0 failed=0 skipped=0 red='' wavered=''
	shift 3
	for one; do
		n=$((n + 1))
		eval "run $one" >"$report"
		wants_again suite "$report" >/dev/null || break
	done
	add_up suite
	text="$n runs: $(sum_up | grep -v '^#' | tr '\n' ';')"
	[ "$text" = "$want" ] || { printf 'check-sum: %s\n  got:    %s\n  wanted: %s\n' "$name" "$text" "$want" >&2 && fail=1; }
}

wav='What was red in one run of a suite and not in another:;suite:'
comes_to "green is green" '1 runs: 2 passed, 0 failed, 0 skipped;' 3 'a b' 'a -- b'
comes_to "red twice is red" '2 runs: What was red:;suite: not ok 2 - b;suite: not ok 2 - b;1 passed, 1 failed, 0 skipped;' 3 \
	'a -- b' 'a -- b' 'a b'
comes_to "red once has wavered" "2 runs: $wav not ok 2 - b;2 passed, 0 failed, 0 skipped;" 3 'a -- b' 'a b'
comes_to "two that waver get a third run" "3 runs: $wav not ok 2 - b;suite: not ok 2 - a;2 passed, 0 failed, 0 skipped;" 3 \
	'a -- b' 'b -- a' 'a b'
comes_to "in which what was passed before has wavered" \
	"3 runs: $wav not ok 3 - b;suite: not ok 3 - a;suite: not ok 3 - c;2 passed, 0 failed, 0 skipped;" 3 \
	'a c -- b' 'b c -- a' 'a b -- c'
comes_to "and there is no fourth" \
	"3 runs: $wav not ok 2 - b;suite: not ok 2 - b;suite: not ok 2 - a;1 passed, 0 failed, 0 skipped;" 3 \
	'a -- b' 'b -- a' 'a -- b' 'a b'
comes_to "what was reached in one run alone is red there" \
	"2 runs: $wav not ok 2 - b;What was red:;suite: not ok 2 - late;1 passed, 1 failed, 0 skipped;" 3 'a -- b' 'b -- late'
comes_to "but where all is passed" "2 runs: $wav not ok 2 - b of 7;2 passed, 0 failed, 0 skipped;" 3 'a -- "b of 7"' 'a "b of 8"'
comes_to "without tries all counts" '1 runs: What was red:;suite: not ok 2 - b;1 passed, 1 failed, 0 skipped;' 0 'a -- b' 'a b'
comes_to "the same words again are another check" \
	"2 runs: What was red:;suite: not ok 2 - a;suite: not ok 2 - a;1 passed, 1 failed, 0 skipped;" 3 'a -- a' 'a -- a'
comes_to "a run without an end counts" \
	'2 runs: What was red:;suite did not run to its end;suite did not run to its end;0 passed, 1 failed, 0 skipped;' 3 'a END' 'a END'
comes_to "unless another had one" "2 runs: ${wav%:} did not run to its end;2 passed, 0 failed, 0 skipped;" 3 \
	'a END' 'a b'
comes_to "also where that one was red elsewhere" \
	"2 runs: ${wav%:} did not run to its end;What was red:;suite: not ok 2 - b;1 passed, 1 failed, 0 skipped;" 3 'a END' 'a -- b'
exit $fail
