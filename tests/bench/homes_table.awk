# SPDX-License-Identifier: Apache-2.0
# The table of docs/performance.md, between its marks, out of the figures of homes.sh; make bench-homes-table.
# Usage: awk -f tests/bench/homes_table.awk -v goals="NAME=GOAL ..." build/bench-homes.tsv docs/performance.md
BEGIN {
	FS = "\t"
	n = split(goals, list, " ")
	for (i = 1; i <= n; i++) {
		split(list[i], pair, "=")
		goal[pair[1]] = pair[2]
	}
}

FNR == NR {
	value[$1] = $2
	if (FNR > 1 && $1 !~ /_(cpu|floor)$/)
		name[++names] = $1
	next
}

function cell(key) { return key in value ? sprintf("%.2f", value[key]) : "" }

/^<!-- homes: begin -->/ {
	print
	print "| figure | carrel | its floor | processor: carrel | its floor | goal | |"
	print "| --- | --- | --- | --- | --- | --- | --- |"
	for (i = 1; i <= names; i++) {
		key = name[i]
		floor = key "_floor"
		if (key == "commit_vs_cp")
			floor = "commit_floor"
		note = !(key in goal) ? "" : value[key] <= goal[key] + 0 ? "met" : "**missed**"
		print "| `" key "` | " cell(key) " | " cell(floor) " | " cell(key "_cpu") " | " cell(key "_cpu_floor") " | " \
			(key in goal ? goal[key] : "–") " | " note " |"
	}
	skip = 1
}

/^<!-- homes: end -->/ { skip = 0 }

!skip
