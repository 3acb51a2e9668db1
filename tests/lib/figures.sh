#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Figures on how the source reads: a line each, the number behind the colon, what it is made of beneath it.
# Usage: figures.sh BUILD [quick]; quick: the wall time of make check-quick, too. BUILD has to be up to date.
set -u
cd "$(dirname "$0")/../.." || exit 3
export LC_ALL=C.UTF-8
build=${1:?build directory}

figure() { # NAME NUMBER
	printf '%-64s %s\n' "$1:" "$2"
}

# counted NAME: the lines of standard input, and how many
counted() {
	local lines
	lines=$(cat)
	figure "$1" "$(grep -c . <<<"$lines")"
	sed -n '/./s/^/    /p' <<<"$lines"
}

sizes() { # VARIABLE=VALUE
	local file
	find src helper pam_module -name '*.[ch]' | sort | while read -r file; do
		expand -t 8 "$file" | awk -v file="$file" -v "$1" -f tests/lib/size.awk
	done
}

# reached DIRECTORY: for each of its sources how many of the project's headers the compiler has read
reached() {
	local file
	find "$build/obj/$1" -name '*.d' | while read -r file; do
		tr ' \\' '\n\n' <"$file" | grep -E '^(src|helper|pam_module)/.*\.h$' | sort -u | wc -l
	done | sort -n
}

median_and_most() {
	awk '{ n[NR] = $1 } END { printf "%s, at most %d\n", NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2, n[NR] }'
}

sizes lines=500 | counted "files over 500 lines"
sizes body=60 | counted "functions over 60 lines"
sizes parameters=5 | counted "functions with more than 5 parameters"
sizes columns=120 | wc -l | { read -r n && figure "lines over 120 columns, as shown" "$n"; }
figure "project headers reached by a source of helper, median" "$(reached helper | median_and_most)"
figure "project headers reached by a source of ctl, median" "$(reached src/ctl | median_and_most)"
tests/lib/check-layers.sh "$build" 2>&1 | grep 'may not use' | counted "includes that run upward"
python3 tests/lib/duplicates.py src helper pam_module | counted "pieces of 6 lines or more that stand in two places"
git grep -l lower_owner -- . ':!tests/lib/figures.sh' | counted "files that name a bool key, home.lower_owner"
if [ "${2-}" = quick ]; then
	start=$SECONDS
	${MAKE:-make} --no-print-directory BUILD="$build" check-quick >"$build/quick.log" 2>&1 ||
		echo "check-quick is red: $build/quick.log"
	figure "seconds that check-quick takes" $((SECONDS - start))
fi
