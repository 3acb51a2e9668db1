# SPDX-License-Identifier: Apache-2.0
# What is measured, kept and shown: lines of RAW (name, median and more, milliseconds) become figures of TSV (name, value,
# unit). Sourced by bench.sh, homes.sh and nets.sh.

step() { echo "bench: $* (${SECONDS} s)" >&2; }

# Takes turns among the contenders given, and keeps their lines.
race() { # ROUNDS CONTENDER...
	local rounds=$1
	shift
	$B/driver -c $B/pam ${FILTER:+-f "$FILTER"} -n "$rounds" "$@" >>"$RAW" || die "a contender failed"
}

# The median of a column of a file, as a line of RAW.
middle() { # NAME COLUMN FILE
	printf '%s\t%s\n' "$1" "$(sort -n -k "$2,$2" "$3" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }')" >>"$RAW"
}

field() { awk -F'\t' -v name="$1" -v n="$2" '$1 == name { v = $n } END { print v }' "$RAW"; }
figure() { printf '%s\t%s\t%s\n' "$@" >>"$TSV"; }                      # NAME VALUE UNIT
median() { figure "$1_ms" "$(field "${2-$1}" 2)" ms; }                 # FIGURE [CONTENDER]
p99() { figure "$1_p99_ms" "$(field "${2-$1}" 3)" ms; }
ratio() { figure "$1" "$(awk -v a="$(field "$2" 2)" -v b="$(field "$3" 2)" 'BEGIN { printf "%.3f", a / b }')" x; }
less() { figure "$1" "$(awk -v a="$(field "$2" 2)" -v b="$(field "$3" 2)" 'BEGIN { printf "%.3f", a - b }')" ms; }

table() { # FIGURE=GOAL...
	awk -F'\t' -v goals="$*" '
	BEGIN {
		n = split(goals, list, " ")
		for (i = 1; i <= n; i++) {
			split(list[i], pair, "=")
			goal[pair[1]] = pair[2]
		}
	}
	NR > 1 {
		note = ""
		if ($1 in goal)
			note = sprintf("   goal <= %g: %s", goal[$1], $2 <= goal[$1] + 0 ? "met" : "MISSED")
		printf "  %-28s %10.3f %s%s\n", $1, $2, $3, note
	}' "$TSV"
}
