#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every setting of the shipped policies is explained: by a comment on its line, or on the line above its first.
# Usage: check-policies.sh FILE...
exec awk '
FNR == 1 { open = 0; explained = 0 }
/^[\t ]*\/\// { explained = 1; next }
/^policies = \{$/ || /^\t[a-z-]+ = \{$/ || /^[\t }]*\};?$/ || /^[\t ]*\};? *$/ { explained = 0; next }
/^\t\t[a-z_]+ = \{$/ { explained = 0; next }
{
	if (!open && !explained && !/\/\//) {
		printf "%s:%d: no comment says why: %s\n", FILENAME, FNR, $0
		bad = 1
	}
	opened = open
	open = !/;[ \t]*(\/\/.*)?$/ || (!opened && /\{[^}]*$/) || (opened && !/[\]})];[ \t]*(\/\/.*)?$/)
	if (!open)
		explained = 0
}
END { exit bad }' "$@"
