# SPDX-License-Identifier: Apache-2.0
# Sizes in C sources: a line "FILE:LINE: what is too much" each; what is counted is in variables, 0 counts nothing.
#   awk -v file=NAME -v lines=500 -v body=60 -v parameters=5 -v columns=120 -f size.awk FILE, tabs expanded before; "more"
#   has those that take more parameters, as "err.c:set ..."
# House format: a function's head begins and its braces stand in the first column.

function complain(line, text) {
	printf "%s:%d: %s\n", file, line, text
	bad = 1
}

# How many commas are in the last pair of brackets of a head, outside of those within.
function count_parameters(text,    i, c, depth, n) {
	for (i = length(text); i > 0; i--) {
		c = substr(text, i, 1)
		if (c == ")")
			depth++
		else if (c == "(" && --depth == 0)
			return n + 1
		else if (c == "," && depth == 1)
			n++
	}
	return 0
}

BEGIN { base = file; sub(/.*\//, "", base) }
/^[a-zA-Z_]/ { head = ""; head_at = NR }
{ head = head $0 }
/^\{/ {
	start = NR
	n = count_parameters(head)
	if (parameters && n > parameters) {
		sub(/^(static )?CRL_PRINTF\([0-9, ]*\)/, "", head)
		match(head, /[a-zA-Z_0-9]+\(/)
		name = substr(head, RSTART, RLENGTH - 1)
		if (!index(" " more " ", " " base ":" name " "))
			complain(head_at, sprintf("%s() has %d parameters, at most %d", name, n, parameters))
	}
}
/^\}/ && start {
	if (body && NR - start - 1 > body)
		complain(start, sprintf("function of %d lines, at most %d", NR - start - 1, body))
	start = 0
}
columns && length($0) > columns { complain(NR, sprintf("line of %d columns, at most %d", length($0), columns)) }
END {
	if (lines && NR > lines)
		complain(NR, sprintf("%d lines, at most %d", NR, lines))
	exit bad
}
