#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names mean one thing: no tag of a struct, union or enum is defined twice, and what two folders declare for others do
# not begin alike. A folder is a layer of src, or a program; those of the helper's own program count as one.
# Run from the top of the tree.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1

# Topics that several floors have, each with its own part of one thing: what a policy says of it, what follows from that
# (plan), what is done (apply), what is remembered (state), who waits for it (helper).
topics="cgroup counts errand filter limits manager mount service sweep"

sources() { # PATTERN: the product's files
	find src helper pam_module -name "$1" | sort
}

# "NAME FILE:LINE" of each definition of a tag.
tags() {
	sources '*.[ch]' | xargs awk '
		{ sub(/^[ \t]*/, "") }
		match($0, /^(typedef |static |const )*(struct|union|enum) [A-Za-z_0-9]+ \{/) {
			n = split(substr($0, RSTART, RLENGTH - 2), word, " ")
			print word[n], FILENAME ":" FNR
		}'
}

# "PREFIX FOLDER" of what headers declare: functions, tags and objects with a name of three parts or more.
prefixes() {
	sources '*.h' | while read -r header; do
		folder=$(printf '%s\n' "$header" | awk -F/ '$1 == "src" || $2 == "steward" { print $1 "/" $2; next } { print $1 }')
		sed -E 's,/\*.*\*/,,; /^[ \t]*\/?\*/d; /^#/d' "$header" | tr '\n' ' ' |
			grep -oE '\b(crl|ctl|top)_[a-z0-9]+_[a-z0-9_]+ ?\(|\b(struct|enum|union) (crl|ctl|top)_[a-z0-9_]+ \{' |
			sed -E "s/^(struct|enum|union) //; s/^([a-z]+_[a-z0-9]+).*/\1/; s,\$, $folder,"
	done | sort -u
}

bad=$(
	tags | sort | awk '$1 == last { print at ": " $1 " is defined in " $2 " as well" } { last = $1; at = $2 }'
	prefixes | awk -v topics="$topics" '
		BEGIN { n = split(topics, t, " "); for (i = 1; i <= n; i++) known["crl_" t[i]] = 1 }
		$1 == last { needed[$1] = 1 }
		$1 == last && !known[$1] { print "names " $1 "_* are declared in " at " and in " $2 }
		{ last = $1; at = $2 }
		END { for (name in known) if (!needed[name]) print "tests/lib/check-names.sh: " name " is no topic of two floors" }'
)
[ -z "$bad" ] && exit 0
printf '%s\n' "$bad" >&2
exit 1
