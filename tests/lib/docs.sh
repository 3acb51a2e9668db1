# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Pages of docs/ are held to what is so. Sourced.
# A table is compared with what was found (doc_table). A page is run: each block "```sh run=SUITE" as it stands, by a bash of
# its own in /root, and compared with the block "```output" that follows it. tests/lib/check-docs.sh has what kinds of blocks
# there are.

# doc_table PAGE NAME: the lines of standard input are those of the table between the page's marks "NAME: begin" and
# "NAME: end". CARREL_TABLE=1: they are printed instead, for make to write them there.
doc_table() {
	local got want page=${1##*/}
	got=$(cat)
	if [ "${CARREL_TABLE:-0}" = 1 ]; then
		sed "s/^/table $2: /" <<<"$got"
		return
	fi
	want=$(sed -n "/<!-- $2: begin -->/,/<!-- $2: end -->/p" "$1" | grep '^|')
	if [ "$got" = "$want" ]; then
		ok "the table \"$2\" of docs/$page"
	else
		not_ok "the table \"$2\" of docs/$page" "$(diff <(echo "$want") <(echo "$got"))"
	fi
}

# doc_blocks PAGE SUITE DIRECTORY: 01.sh, 01.output, 02.sh … in it; 01.title has the block's first line
doc_blocks() {
	awk -v run="sh run=$2" -v dir="$3" '
		/^```$/ && file { close(file); file = ""; next }
		/^```/ && !file { kind = substr($0, 4); file = "/dev/null"
			if (kind == run) { file = sprintf("%s/%02d.sh", dir, ++n); printf "" >file }
			else if (kind == "output") file = sprintf("%s/%02d.output", dir, n)
			next }
		file && file != "/dev/null" { print >file }' "$1"
}

# Is what a block printed what the page says? "…" is for any text in a line, and alone for any lines, none too.
doc_same() { # FILE-OF-PAGE FILE-PRINTED
	python3 - "$1" "$2" <<-'PY'
	import re, sys
	want, got = (open(name, encoding="utf-8", errors="replace").read().split("\n") for name in sys.argv[1:])
	form = "".join("(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in want[:-1])
	sys.exit(not re.fullmatch(form, "\n".join(got)))
	PY
}

# doc_run PAGE SUITE [AFTER]: AFTER FILE is called behind each block, before the next
doc_run() {
	local dir block wanted status
	dir=$(mktemp -d)
	doc_blocks "$1" "$2" "$dir"
	for block in "$dir"/*.sh; do
		wanted=${block%.sh}.output
		(cd /root && exec bash -e -o pipefail "$block") </dev/null >"$dir/printed" 2>&1
		status=$?
		if [ $status != 0 ]; then
			not_ok "$(head -n 1 "$block")" "status $status" "$(<"$dir/printed")"
		elif [ -e "$wanted" ] && ! doc_same "$wanted" "$dir/printed"; then
			not_ok "$(head -n 1 "$block")" "printed:" "$(<"$dir/printed")" "the page has:" "$(<"$wanted")"
		else
			ok "$(head -n 1 "$block")"
		fi
		[ -z "${3-}" ] || "$3" "$block"
	done
	rm -rf "$dir"
}
