# SPDX-License-Identifier: Apache-2.0
# The table of filters in docs/performance.md, between its marks, out of what tests/bench/filters has printed.
# Usage: awk -f tests/bench/filters_table.awk build/bench-filters.tsv docs/performance.md
BEGIN { FS = "\t" }

FNR == NR {
	row[++rows] = $0
	next
}

/^<!-- filters: begin -->/ {
	print
	n = split(row[1], head)
	printf "| filter | instructions | load, µs"
	for (i = 4; i <= n; i++)
		printf " | %s", head[i]
	printf " |\n|"
	for (i = 1; i <= n; i++)
		printf " --- |"
	print ""
	for (r = 2; r <= rows; r++) {
		split(row[r], cell)
		printf "| %s | %s | %s", cell[1], r == 2 ? "–" : cell[2], r == 2 ? "–" : cell[3]
		for (i = 4; i <= n; i++)
			printf " | %s", r == 2 ? cell[i] " µs" : cell[i]
		print " |"
	}
	skip = 1
}

/^<!-- filters: end -->/ { skip = 0 }

!skip
