#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/hacking.md has a line for every source file and names nothing that is not there; no page names a file that is not.
# Usage: check-map.sh [TREE]
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 3
page=docs/hacking.md
fail=0

# "### FOLDER/" begins a folder's list; in it "    NAME  text" stands for NAME.c, NAME.h or both.
lines() { # FORMAT of awk: folder and name
	awk '/^#/ { folder = "" } /^### .*\/$/ { folder = $2 } folder && /^    [a-z]/ {
		name = $1; text = $0; sub(/^ +[^ ]+ +/, "", text); print folder name "\t" length(text) }' "$page"
}

mapped() {
	lines | cut -f 1 | sort
}

there() {
	find src helper pam_module -name '*.[ch]' | sed 's/\.[ch]$//' | sort -u
}

# Functions that the page names, and paths that any page names; a page in docs may leave out "docs/".
functions() {
	grep -oE '`[a-z0-9_]+\(\)`' "$page" | tr -d '`()' | sort -u
}

paths() {
	grep -oHE '\b(src|helper|pam_module|tests|conf|docs)/[a-z0-9_./-]*[a-z0-9/]\b' README.md docs/*.md | sort -u
}

# complain WORDS: each line that is read is one
complain() {
	local line
	while read -r line; do
		echo "$line $1" >&2
		fail=1
	done
}

complain "is a source file without a line in $page" < <(comm -23 <(there) <(mapped | uniq))
complain "has a line in $page, and is no source file" < <(comm -13 <(there) <(mapped | uniq))
complain "has two lines in $page" < <(mapped | uniq -d)
complain "has more than 100 characters in $page" < <(lines | awk -F '\t' '$2 > 100 { print $1 }')
complain "is called by $page, and by no source" < <(functions | while read -r name; do
	grep -rqw --include='*.[ch]' "$name" src helper pam_module tests || echo "$name()"
done)
complain "is not there" < <(paths | while IFS=: read -r where path; do
	[ -e "$path" ] || compgen -G "$path.*" >/dev/null || echo "$where: $path"
done)
exit $fail
