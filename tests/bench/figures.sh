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

# Sessions that stay until release. $1: how many, $2: service, $3: user
hold() {
	local line
	coproc HOLD { exec $B/driver -c $B/pam -h "$1" "pam=hold:$2 $3"; }
	HOLD_IN=${HOLD[1]} HOLD_OF=$HOLD_PID
	read -r -t $((60 + 2 * $1)) line <&"${HOLD[0]}" && [ "$line" = "held $1" ] || die "only ${line:-none} of $1 sessions opened"
}

release() {
	local pid=$HOLD_OF
	eval "exec $HOLD_IN>&-"
	wait "$pid" || die "a session that was held did not close"
}

kernel_kib() { awk '/^(Slab|KernelStack|PageTables|Percpu|VmallocUsed):/ { s += $2 } END { print s }' /proc/meminfo; }

# The median of a column of a file, as a line of RAW.
middle() { # NAME COLUMN FILE
	printf '%s\t%s\n' "$1" "$(sort -n -k "$2,$2" "$3" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }')" >>"$RAW"
}

# The first contender's open becomes the mean of both.
mean_of() {
	awk -F'\t' -v OFS='\t' -v a="$1" -v b="$2" '$1 == a { x = $2; line = $0 } $1 == b { y = $2 }
		END { $0 = line; $2 = (x + y) / 2; print }' "$RAW" >$B/mean && cat $B/mean >>"$RAW"
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
