# SPDX-License-Identifier: Apache-2.0
# What the runs of one suite come to. Usage: awk -v suite=NAME -f verdict.awk REPORT...: what each run printed, in their order.
#
# A check is red when it was red in every run that reached it; one that was also passed has wavered. Where a whole run was
# green all others have. That a run comes to its end is a check as well, and so is that each red of its sum is told.
# Prints "red LINE" and "wavered LINE", for people, and at last how many are red.

function note(key, line) {
	if (!(key in told))
		order[++keys] = key
	told[key] = told[key] line "\n"
}

FNR == 1 {
	run++
	part = ""
}
{
	last[run] = $0
}
/^# [a-z0-9_]+$/ {
	part = $2
}
/^(not )?ok [0-9]+ - / {
	key = $0
	sub(/^(not )?ok [0-9]+ - /, "", key)
	key = part ": " key
	key = key " " ++times[run, key]
	on = ""
	if (/^not/) {
		reds[run]++
		note(key, suite ": " $0)
		on = key
	} else if ($0 !~ / # SKIP /) {
		passed[key] = 1
	}
	next
}
/^#   / && on != "" {
	told[on] = told[on] $0 "\n"
	next
}
{
	on = ""
}

END {
	for (i = 1; i <= run; i++) {
		if (last[i] !~ /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/) {
			note("its end", suite " did not run to its end")
			continue
		}
		passed["its end"] = 1
		split(last[i], sum, " ")
		if (sum[3] != reds[i] + 0)
			note("its sum", suite ": " sum[3] " failed by its sum, " reds[i] + 0 " by its lines")
		else if (sum[3] == 0)
			green = 1
	}
	for (i = 1; i <= keys; i++) {
		what = (green || (order[i] in passed)) ? "wavered" : "red"
		count += what == "red"
		n = split(told[order[i]], line, "\n")
		for (k = 1; k < n; k++)
			print what " " line[k]
	}
	print count + 0
}
