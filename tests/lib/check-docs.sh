#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pages of docs/ hold together, and what they show is kept true by somebody. Usage: check-docs.sh [TREE]
# What they call by name is there: pagewords.py.
#
# Each block of a page is fenced and says what it is:
#
#	```sh run=SUITE          commands that the suite takes from the page and runs, word by word
#	```sh like=SUITE,SUITE   the suites run these commands with names of their own
#	```sh not-run="WHY"      nobody runs them
#	```conf [policy|rule]    a configuration, or what stands in a policy, or a rule: test_docs (unit) loads it
#	```output                what the run=SUITE block before it prints; "…" is for what differs
#	```text                  anything else
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 3
fail=0
pages=(README.md docs/*.md)

# complain WORDS: each line that is read is one
complain() {
	local line
	while read -r line; do
		echo "$line $1" >&2
		fail=1
	done
}

# Every block: PAGE:LINE TAB its info string
blocks() {
	awk 'FNR == 1 { open = 0 } /^```/ { open = !open; if (open) print FILENAME ":" FNR "\t" substr($0, 4) }' "${pages[@]}"
}

# The commands of carrelctl in the block that begins at PAGE:LINE
commands_at() {
	awk -v from="${1#*:}" 'FNR > from { if (/^```/) exit; print }' "${1%%:*}" | sed 's/ #.*//' |
		grep -oP '\bcarrelctl( [a-z]+)?' | sort -u
}

suite_file() { # SUITE
	ls "tests/live/$1.sh" 2>/dev/null || ls "tests/guest/suites/$1.sh" 2>/dev/null
}

# Does a suite's file take the blocks that are its own from the page? By docs.sh, or by docimage.sh, which has one page.
runs() { # FILE PAGE SUITE
	grep -qE "doc_(run|blocks) \S*/$2\"? $3\b" "$1" || { [ "$2" = images.md ] && grep -q 'docimage_blocks .*' "$1"; }
}

marks() {
	local where info suite file files command page
	while IFS=$'\t' read -r where info; do
		page=${where%%:*}
		case $info in
		"sh run="*)
			file=$(suite_file "${info#*=}")
			[ -n "$file" ] || echo "$where: ${info#*=} is no suite:"
			[ -z "$file" ] || runs "$file" "${page##*/}" "${info#*=}" ||
				echo "$where: $file does not run the blocks ${info#*=} of ${page##*/}:"
			;;
		"sh like="*)
			mapfile -t files < <(IFS=,; for suite in ${info#*=}; do suite_file "$suite" || echo "$suite"; done)
			for file in "${files[@]}"; do
				[ -e "$file" ] || echo "$where: $file is no suite:"
			done
			for command in $(commands_at "$where" | cut -s -d ' ' -f 2); do
				grep -qE -- "ctl\"?( -[^ ]+( [^ -][^ ]*)?)* $command\b" "${files[@]}" 2>/dev/null ||
					echo "$where: ${info#*=} does not run carrelctl $command:"
			done
			;;
		'sh not-run="'?*\" | conf | "conf policy" | "conf rule" | output | text) ;;
		*) echo "$where: \`\`\`$info:" ;;
		esac
	done < <(blocks)
}

# Blocks that are none: indented, where no list goes on.
indented() {
	awk 'FNR == 1 { list = 0; fence = 0; map = 0 } /^```/ { fence = !fence } /^### .*\/$/ { map = 1 }
		/^([-*]|[0-9]+\.) / { list = 1 } /^[^ ]/ && !/^([-*]|[0-9]+\.) / { list = 0 }
		!fence && !list && !map && /^    [^ ]/ && before == "" { print FILENAME ":" FNR ":" } { before = $0 }' "${pages[@]}"
}

# Blocks that this check would not see: fences that are indented, quoted, of tildes or of HTML, blocks behind a tab, indented
# ones in lists, and what stands open at the end.
unseen() {
	awk 'FNR == 1 { if (fence) print last ":end: a fence is not closed"; fence = 0 } { last = FILENAME }
		/^```/ { fence = !fence } fence { before = $0; next }
		/^[ >]+(```|~~~)/ || /^~~~/ || /<(pre|code)[ >]/ || /^\t/ || (/^       / && before == "") || /^> *    / {
			print FILENAME ":" FNR ": " $0 }
		{ before = $0 }
		END { if (fence) print last ":end: a fence is not closed" }' "${pages[@]}"
}

# Outputs that no suite compares, since no run= block is before them; and commands in blocks of which nobody is asked.
unasked() {
	awk 'FNR == 1 { kind = ""; open = 0 }
		/^```/ { open = !open }
		/^```/ && open { was = kind; kind = substr($0, 4) }
		/^```/ && open && kind == "output" && was !~ /^sh run=/ { print FILENAME ":" FNR ": output of a block that nobody runs" }
		/^```/ || !open || kind !~ /^(text|output|conf)/ { next }
		(kind !~ /^conf/ && /^[#$] /) || /^(sudo )?(carrel(ctl)?|make|apt(-get)?|dpkg|systemctl|user(add|mod)|ssh|curl) / {
			print FILENAME ":" FNR ": a command in a block of " kind }' "${pages[@]}"
}

# anchors PAGE: of its headings, as Markdown's readers make them
anchors() {
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed "s/[^a-z0-9 _-]//g; s/ /-/g"
}

links() {
	local page link dir target
	for page in "${pages[@]}"; do
		dir=$(dirname "$page")
		while read -r link; do
			target=$dir/${link%%#*}
			[ "${link%%#*}" ] || target=$page
			[ -e "$target" ] || { echo "$page: $link"; continue; }
			[[ $link != *'#'* || $target != *.md ]] || anchors "$target" | grep -qxF -- "${link#*#}" || echo "$page: $link"
		done < <(grep -oP '\]\(\K[^)\s]+' "$page" | grep -v '^[a-z]*://' | sort -u)
	done
}

codes_there() {
	sed -n 's/^\t\(\[CRL_STAGE.*\)/\1/p' src/base/err.c | grep -o '"[A-Z]*"' | tr -d '"' | grep -vx NONE | sort
}

codes_explained() {
	sed -n 's/^### \([A-Z]*\)$/\1/p' docs/faq.md | sort
}

complain "is no kind of block, or its mark is not true" < <(marks)
complain "is indented: blocks are fenced, and say what they are" < <(indented)
complain "is a block that no check sees" < <(unseen)
complain "(sh run=, like= or not-run=)" < <(unasked)
complain "is not there: no such command, action, option, key or target" < <(python3 tests/lib/pagewords.py)
complain "leads nowhere" < <(links)
complain "is not in docs/index.md" < <(cd docs && ls -- *.md man/* | while read -r page; do
	[ "$page" = index.md ] || grep -qF "($page)" index.md || echo "docs/$page"
done)
complain "is a code of refusals that docs/faq.md does not explain" < <(comm -23 <(codes_there) <(codes_explained))
complain "is explained in docs/faq.md, and is no code" < <(comm -13 <(codes_there) <(codes_explained))
exit $fail
