#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No product file over 500 lines, no function over 60: what does not fit a head does not get reviewed.
set -u
fail=0
while read -r file; do
	lines=$(wc -l <"$file")
	if ((lines > 500)); then
		echo "$file: $lines lines, at most 500" >&2
		fail=1
	fi
	# House format: a function's body opens with "{" and ends with "}" in the first column.
	awk -v file="$file" '
		/^\{/ { start = NR }
		/^\}/ && start { if (NR - start - 1 > 60) { printf "%s:%d: function of %d lines, at most 60\n", file, start, NR - start - 1; bad = 1 } start = 0 }
		length($0) > 120 { printf "%s:%d: line longer than 120 characters\n", file, NR; bad = 1 }
		END { exit bad }' "$file" >&2 || fail=1
done < <(find src helper pam_module -name '*.[ch]')
exit $fail
