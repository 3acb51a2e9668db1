# SPDX-License-Identifier: Apache-2.0
# The table of docs/performance.md, between its marks, out of the figures of nets.sh; make bench-nets-table.
# Usage: awk -f tests/bench/nets_table.awk -v goals="NAME=GOAL ..." build/bench-nets.tsv docs/performance.md
BEGIN {
	FS = "\t"
	n = split(goals, list, " ")
	for (i = 1; i <= n; i++) {
		split(list[i], pair, "=")
		goal[pair[1]] = pair[2]
	}
}

# A ratio is a row; what it is of stands in the lines after it.
FNR == NR {
	if (FNR > 1 && $3 == "x") {
		name[++names] = $1
		value[$1] = $2
	} else if (FNR > 1) {
		of[name[names]] = of[name[names]] (of[name[names]] == "" ? "" : ", ") "`" $1 "` " \
			($3 == "ms" ? sprintf("%.2f", $2) : $2) " " $3
	}
	next
}

/^<!-- nets: begin -->/ {
	print
	print "| figure | ratio | of | goal | |"
	print "| --- | --- | --- | --- | --- |"
	for (i = 1; i <= names; i++) {
		key = name[i]
		note = !(key in goal) ? "" : value[key] <= goal[key] + 0 ? "met" : "**missed**"
		printf "| `%s` | %.2f | %s | %s | %s |\n", key, value[key], of[key], key in goal ? goal[key] : "–", note
	}
	skip = 1
}

/^<!-- nets: end -->/ { skip = 0 }

!skip
