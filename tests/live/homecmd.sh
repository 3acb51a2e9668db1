#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl home: what it tells and does of kept homes, with users who own what is in them and mean no good.
# The entries of the store are made here, so that each case knows what is in them.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/rootimage.sh"
. "$(dirname "$0")/../lib/kepthome.sh"
. "$(dirname "$0")/../lib/docs.sh"

# someone_in USER: as long as it runs the home counts as shown, as a room's supervisor has it
someone_in() {
	exec {IN_FD}<"$STORE/home/$(id -u "$1")/use"
	flock -s "$IN_FD"
}

nobody_in() {
	exec {IN_FD}<&-
}

check_diff() {
	fresh
	is "nothing has changed" "$(ctl home ana diff)" "Nothing has changed."
	is "which is a no" "$(status ctl home ana diff)" 1
	is "an empty list for programs" "$(ctl home ana diff --json | json d)" '[]'
	as ana 'echo more >>docs/a; rm docs/b; mv old new; echo fresh >fresh; chmod 600 text; rm same; mkdir same'
	is "all kinds" "$(changes ana)" "c:docs/a d:docs/b a:fresh r:new r:same c:text"
	is "which is a yes" "$(status ctl home ana diff)" 0
	like "one a line, with sizes" "$(ctl home ana diff)" '^M +9B  docs/a$'
	like "what is gone" "$(ctl home ana diff)" '^D +4B  docs/b$'
	like "a directory that is called otherwise" "$(ctl home ana diff)" '^R +old/ -> new/$'
	like "another type" "$(ctl home ana diff)" '^T +same/ \(directory, was file\)$'
	like "in which way" "$(ctl home ana diff)" '^M +6B  text \(mode\)$'
	like "and the sums" "$(ctl home ana diff)" '^1 added \(6B\), 2 changed \(15B\), 1 deleted \(4B\), 1 replaced, 1 renamed$'
	is "for programs" "$(ctl home ana diff --json | json '[x for x in d if x["path"] == "new"][0]["from"]')" old
	is "as JSON, no patch" "$(status ctl home ana diff --json --patch)" 2
	is "nothing since a snapshot that is not there" "$(status ctl home ana diff --since none)" 1
	is "nobody of that name" "$(status ctl home nobody-such diff)" 1
	is "nor of somebody without a kept home" "$(status ctl home bob diff)" 1
	like "the list has it" "$(ctl home)" '^ana +[0-9]+ +- +plain '
	is "what of her?" "$(status ctl home ana)" 2
	like "no such action" "$(ctl home ana dif 2>&1)" 'no action "dif" \(did you mean "diff"\?\)'
	like "its help" "$(ctl help home diff)" '^usage: carrelctl home USER diff \[OPTION...\]$'
	is "an option of another action" "$(status ctl home ana diff --replace)" 2
}

# keeps: ctl/home/patch R1
check_patch() {
	fresh
	as ana 'echo more >>docs/a; rm docs/b; echo fresh >fresh; printf "a\nB\nc\n" >text; head -c 100 /dev/zero >zeros; mkdir d
		echo odd >"$(printf "d/n\\nl\\t\\\\\"\\377")"; echo "evil$(printf "\\033[31m")" >escape'
	ctl home ana diff --patch >"$STAGE/patch"
	cp -a /home/ana "$STAGE/patched"
	check "patch takes it" patch -s -p1 -d "$STAGE/patched" -i "$STAGE/patch"
	rm -rf "$STAGE/seen"
	(as ana 'tar c .') | { mkdir "$STAGE/seen" && tar xC "$STAGE/seen"; }
	is "and it makes of the old home the new one, but for what is no text" \
		"$(diff -r "$STAGE/patched" "$STAGE/seen")" "Only in $STAGE/seen: zeros"
	like "which is named" "$(cat "$STAGE/patch")" '^Binary files /dev/null and b/zeros differ$'
	like "a name that is none for a terminal is quoted" "$(cat "$STAGE/patch")" '^\+\+\+ "b/d/n\\012l\\011\\\\\\"\\377"$'
	unlike "on a terminal no text acts" "$(script -qec "$STAGE_LIB/carrelctl --no-pager home ana diff --patch" /dev/null)" \
		"$(printf '\033')"
	rm -rf "$STAGE/patched" "$STAGE/seen"
}

check_names() {
	fresh
	as ana 'touch "$(printf "n\\nl\\033[2J\\377\\303\\244")"'
	like "escaped for people" "$(ctl home ana diff)" '^A +0B  n\\x0al\\x1b\[2J\\xff\\xc3\\xa4$'
	is "bytes for programs" "$(ctl home ana diff --json | json 'd[0]["path"].encode("latin-1")')" \
		"b'n\\nl\\x1b[2J\\xff\\xc3\\xa4'"
}

check_snapshots() {
	local first second name
	fresh
	as ana 'echo 1 >one; rm docs/b'
	first=$(seen ana)
	is "none yet" "$(ctl home ana snapshots)" "There are no snapshots."
	is "a snapshot" "$(ctl home ana snapshot first)" "snapshot first taken"
	is "nobody sees a difference" "$(seen ana)" "$first"
	is "the name is taken" "$(status ctl home ana snapshot first)" 1
	is "nor any name" "$(status ctl home ana snapshot ../up)" 2
	is "the changes are the same" "$(changes ana)" "d:docs/b a:one"
	as ana 'echo 2 >two; echo more >>one; echo b >docs/b'
	second=$(seen ana)
	is "since then" "$(changes ana --since first)" "a:docs/b c:one a:two"
	is "as the list has it" "$(ctl home ana snapshots --json | json '[(x["snapshot"], x["changes_since"]) for x in d]')" \
		"[('first', 3)]"
	check "what it takes is told" test \
		"$(ctl home ana usage --json | json '[x["files"] for x in d if x["snapshot"] == "first"][0]')" -ge 2
	is "without a terminal nothing is restored" "$(status ctl home ana restore first </dev/null)" 1
	is "not even touched" "$(seen ana)" "$second"
	like "on one it asks" "$(script -qec "$STAGE_LIB/carrelctl home ana restore first" /dev/null <<<n | tr -d '\r')" \
		'what changed since is kept as snapshot before-[0-9-]+\? \[y/N\]'
	is "and heeds a no" "$(seen ana)" "$second"
	name=$(ctl home ana restore --yes first | sed -n 's/^what there was is snapshot //p')
	is "restored" "$(seen ana)" "$first"
	is "the other is of another line" "$(status ctl home ana diff --since "$name")" 1
	ctl home ana restore --yes --replace "$name" >/dev/null
	is "and back" "$(seen ana)" "$second"
	is "nothing is kept of what had not changed" "$(ctl home ana snapshots --json | json 'len(d)')" 2
	is "dropped" "$(ctl home ana drop --yes first)" "snapshot first dropped"
	is "nobody sees a difference" "$(seen ana)" "$second"
	is "there is none of that name" "$(status ctl home ana drop --yes first)" 1
	is "nor to restore" "$(status ctl home ana restore --yes first)" 1
}

check_discard() {
	fresh
	as ana 'rm -r docs; mkdir -p a/b; touch a/b/c; chmod 0 a/b; mkfifo f; ln -s / link'
	is "without a terminal it wants --yes" "$(status ctl home ana discard </dev/null)" 1
	is "discarded" "$(ctl home ana discard --yes)" discarded
	is "nothing has changed" "$(changes ana)" ""
	is "and nothing is left of it" "$(ls -A "$(data_of ana)/trash")" ""
	check "the real home is what it was" test -e /home/ana/docs/a -a ! -e /home/ana/f
}

check_discard_paths() {
	fresh
	as ana 'echo 1 >one; echo 2 >>docs/a; rm docs/b; mv old new; echo n >new/n'
	is "a path" "$(ctl home ana discard --yes docs)" "1 discarded"
	is "and what is beneath" "$(changes ana)" "r:new a:new/n a:one"
	like "what has not changed is told" "$(ctl home ana discard --yes text 2>&1)" 'text has no change$'
	is "a no" "$(status ctl home ana discard --yes text)" 1
	like "both ends of what was renamed" "$(ctl home ana discard --yes old 2>&1)" 'new as well'
	is "the rest stays" "$(changes ana)" "a:one"
	check "and is where it was" as ana 'test -e old/deep/x -a ! -e new'
}

# Snapshots that were dropped leave layers, which are the changes like others.
check_dropped() {
	local before
	fresh
	as ana 'echo 1 >one; rm docs/b; mv old new'
	ctl home ana snapshot first >/dev/null
	as ana 'echo 2 >two; echo more >>one; echo b >docs/b; rm new/deep/x'
	ctl home ana drop --yes first >/dev/null
	before=$(seen ana)
	check "committed with them" ctl home ana commit
	is "the real home is what was seen" "$(diff <(echo "$before") <(listing /home/ana))" ""
	is "nothing has changed" "$(changes ana)" ""
	as ana 'echo 3 >three; rm one'
	check "once more" ctl home ana commit
	check "is in the real home" test -e /home/ana/three -a ! -e /home/ana/one
	for i in {1..5}; do
		as ana "echo $i >n$i; echo $i >>three; rm -f n$((i - 2))"
		ctl home ana snapshot s$i >/dev/null
	done
	before=$(seen ana)
	for i in 2 3 1 5; do
		check "dropped: s$i" ctl home ana drop --yes s$i
	done
	check "layers that nothing tells apart are one" test "$(ls "$(data_of ana)/layers" | wc -l)" -le 2
	is "she sees the same" "$(diff <(echo "$before") <(seen ana))" ""
	ctl home ana drop --yes s4 >/dev/null
	as ana 'echo 4 >four'
	ctl home ana snapshot second >/dev/null
	ctl home ana drop --yes second >/dev/null
	is "discard throws them away, too" "$(ctl home ana discard --yes) $(changes ana)" "discarded "
}

# keeps: ctl/home/kept R1
check_in() {
	local action
	fresh
	as ana 'echo 1 >one'
	ctl home ana snapshot first >/dev/null
	someone_in ana
	is "while she is in: diff" "$(changes ana)" "a:one"
	check "snapshots" ctl home ana snapshots
	check "usage" ctl home ana usage
	check "export" eval 'ctl home ana export | tar t | grep -qx one'
	touch "$(data_of ana)/trash/old"
	check "gc" ctl home ana gc
	check "which removes what was thrown away" test ! -e "$(data_of ana)/trash/old"
	# Each waits for her to leave.
	for action in "snapshot second" "discard --yes" "restore --yes first" "drop --yes first" "import --yes $STAGE/patch"; do
		ctl home ana $action >"$STAGE_LOG/not" 2>&1
		is "not: $action" $? 3
		like "not: $action: it is told why" "$(cat "$STAGE_LOG/not")" \
			'is still in use: a room of theirs is just ending, or another command'
	done
	is "nothing has changed by that" "$(changes ana) $(ctl home ana snapshots --json | json 'len(d)')" "a:one 1"
	nobody_in
	check "when she is out it works" ctl home ana discard --yes
}

# keeps: ctl/home/kept R1
check_mounted() {
	fresh
	as ana 'echo 1 >one'
	mount_upper ana
	is "an upper that is mounted, whoever did it, is left alone" "$(status ctl home ana discard --yes)" 3
	umount "$STAGE/merged"
	is "nothing is gone" "$(changes ana)" "a:one"
}

# The whole way, with the home that a login makes.
check_in_room() {
	local id
	fresh
	rm -r "$STORE/home/$(id -u ana)"
	sed -i 's/home = { mode = "overlay"; size = "64M"; };/home = { mode = "overlay"; upper = "persistent"; quota = "none"; };/' \
		/etc/carrel/carrel.conf
	hold one ana@room
	hold_ask one 'echo 1 >one; echo 2 >>docs/a; mv old new; echo in' >/dev/null
	id=$(ctl list ana --json | json 'd[0]["room"]')
	like "the room is named, and what to do" "$(ctl home ana discard --yes 2>&1)" \
		"^carrelctl home discard: ana is in \($id\): .*carrelctl kill ana .*home\.at_end"
	is "what she has changed so far" "$(changes ana)" "c:docs/a r:new a:one"
	check "what it takes" ctl home ana usage
	check "export" eval 'ctl home ana export | tar t | grep -qx one'
	is "the list knows that she is in" "$(ctl home --json | json '[x["rooms"] for x in d if x["user"] == "ana"]')" "[1]"
	hold_end one
	poll 10 eval '! pgrep -u ana' # sshd's process for her is gone; its parent and the room may still be ending
	check "right after her logout it can be committed" ctl home ana commit
	check "is in the real home" test -e /home/ana/one -a -e /home/ana/new/deep/x -a ! -e /home/ana/old
	room ana 'echo 3 >three'
	settle
	check "a snapshot" ctl home ana snapshot s
	room ana 'rm three one'
	settle
	check "back to it" ctl home ana restore --yes --replace s
	is "she sees it" "$(room ana 'cat three one')" "$(printf '3\n1')"
	host_config "store = \"$STORE\";"
}

# All kinds of things that can be in a home.
play() {
	as ana 'mkdir -p d/e "$(printf "x%.0s" {1..200})"; echo first >d/one; ln d/one d/two; ln -s /etc/passwd d/link; mkfifo d/fifo
		truncate -s 3G d/e/sparse; echo end >>d/e/sparse; touch "$(printf "n\\nl \\377")"; rm docs/b; mv old new; rm -r new/deep
		echo n >new/n; rm same; mkdir same; chmod 750 docs; rm -r text; printf "#!/bin/sh\n" >set; chmod 6755 set
		python3 -c "import os; os.setxattr(\"d/one\", \"user.a\", b\"v\")"; touch -d "1960-01-01 00:00:00.25" ancient'
}

check_commit() {
	local before
	fresh
	play
	before=$(seen ana | without_set_id)
	like "committed" "$(ctl home ana commit)" '^[0-9]+ committed \([0-9.]+[BKMG]\)$'
	is "the real home is what was seen" "$(diff <(echo "$before") <(listing /home/ana))" ""
	is "and so is what is seen" "$(diff <(echo "$before") <(seen ana))" ""
	is "nothing has changed any more" "$(changes ana)" ""
	is "set-id bits are not brought along" "$(stat -c %a /home/ana/set)" 755
	check "holes are" test "$(stat -c %b /home/ana/d/e/sparse)" -lt 1000
	is "attributes are" "$(python3 -c 'import os; print(os.getxattr("/home/ana/d/one", "user.a"))')" "b'v'"
	is "links are" "$(stat -c %h /home/ana/d/one)" 2
	is "nothing is left" "$(ls -A "$(data_of ana)/trash"; find /home/ana -name '.carrel-*')" ""
	like "nothing to do" "$(ctl home ana commit)" '^0 committed'
}

# shown USER SNAPSHOT: what a snapshot shows, as the kernel has it
shown() {
	local data layers
	data=$(data_of "$1")
	layers=$(sed -n "s/^snapshot=$2 [0-9]* //p" "$data/snapshots" | tr ' ' '\n' | sed "s,.*,$data/layers/&:," | tr -d '\n')
	mkdir -p "$STAGE/merged"
	mount -t overlay -o "lowerdir=$layers$(home_of "$1"),redirect_dir=follow,metacopy=off,index=off,xino=off" merged "$STAGE/merged"
	(cd "$STAGE/merged" && listing .)
	umount "$STAGE/merged"
}

# A home with two snapshots, each of which shows something else, and changes since.
with_snapshots() {
	fresh
	play
	ctl home ana snapshot first >/dev/null
	as ana 'rm d/two; mv new newer; echo second >docs/a; rm -r same; echo s >same; chmod 700 docs; mkdir -p more/and'
	ctl home ana snapshot second >/dev/null
	as ana 'mv newer old; echo third >>docs/a; rm -r more d/e; mv docs papers; ln -s papers docs; echo 3 >third'
}

check_commit_snapshots() {
	local first second before after
	with_snapshots
	first=$(shown ana first | without_set_id)
	second=$(shown ana second | without_set_id)
	before=$(seen ana | without_set_id)
	like "what all layers have is committed" "$(ctl home ana commit)" '^[0-9]+ committed'
	is "the real home is what was seen" "$(diff <(echo "$before") <(listing /home/ana))" ""
	is "nothing has changed any more" "$(changes ana) $(sed -n 's/^layers=//p' "$(data_of ana)/stack")" " -"
	is "the first snapshot shows the same" "$(diff <(echo "$first") <(shown ana first | without_set_id))" ""
	is "the second one, too" "$(diff <(echo "$second") <(shown ana second | without_set_id))" ""
	is "which does not lie below the present" "$(status ctl home ana diff --since first)" 1
	like "and is told" "$(ctl home ana snapshots)" '^second '
	as ana 'echo 4 >>third; rm papers/a'
	after=$(seen ana)
	like "and once more" "$(ctl home ana commit)" '^[0-9]+ committed'
	is "the home is what was seen" "$(diff <(echo "$after") <(listing /home/ana))" ""
	is "the first shows the same" "$(diff <(echo "$first") <(shown ana first | without_set_id))" ""
	is "the second shows the same" "$(diff <(echo "$second") <(shown ana second | without_set_id))" ""
	check "one that is gone back to" ctl home ana restore --yes first
	is "is seen as it was" "$(diff <(echo "$first") <(seen ana | without_set_id))" ""
	check "and can be committed: the commits are undone" ctl home ana commit
	is "in the real home" "$(diff <(echo "$first") <(listing /home/ana | without_set_id))" ""
	is "nothing is left over" "$(ls -A "$(data_of ana)/trash"; find /home/ana -name '.carrel-*')" ""
	for name in first second; do
		check "dropped: $name" ctl home ana drop --yes $name
	done
	is "with all that was kept for them" "$(ls -A "$(data_of ana)/layers")" ""
}

check_commit_snapshots_paths() {
	local first
	with_snapshots
	first=$(shown ana first | without_set_id)
	like "some of it" "$(ctl home ana commit third same)" '^2 committed'
	is "alone" "$(cat /home/ana/third /home/ana/same | tr '\n' ' '; test -e /home/ana/papers || echo none)" "3 s none"
	is "the snapshot shows the same" "$(diff <(echo "$first") <(shown ana first | without_set_id))" ""
	rm -f /home/ana/text
	mknod -m 666 /home/ana/text c 1 3
	like "what cannot be kept for them is told" "$(ctl home ana commit 2>&1)" 'text: .*|drop snapshots first'
	is "in time" "$(status ctl home ana commit; test -c /home/ana/text && echo there)" "3
there"
	rm -f /home/ana/text
	check "without it it works" ctl home ana commit
}

check_commit_snapshots_killed() {
	local i first second before
	with_snapshots
	as ana 'for i in {1..300}; do echo $i >f$i; done; for i in {1..200}; do echo $i >papers/g$i; done'
	first=$(shown ana first | without_set_id)
	second=$(shown ana second | without_set_id)
	before=$(seen ana | without_set_id)
	for i in 0.01 0.02 0.03 0.04 0.06 0.08 0.1 0.12 0.15 0.2; do
		timeout -s KILL "$i" "$STAGE_LIB/carrelctl" home ana commit >/dev/null 2>&1
		check "killed after $i s: no worker goes on" poll 10 eval '! pgrep -u ana >/dev/null'
		check "what was interrupted is finished" ctl home ana gc
		is "what is seen is the same" "$(diff <(echo "$before") <(seen ana | without_set_id))" ""
		is "the first shows the same" "$(diff <(echo "$first") <(shown ana first | without_set_id))" ""
		is "the second shows the same" "$(diff <(echo "$second") <(shown ana second | without_set_id))" ""
	done
	check "and again" ctl home ana commit
	is "all is there" "$(diff <(echo "$before") <(listing /home/ana))" ""
	is "the first still shows it" "$(diff <(echo "$first") <(shown ana first | without_set_id))" ""
	is "nothing is left over" "$(ls -A "$(data_of ana)/trash"; find /home/ana -name '.carrel-*')" ""
}

check_commit_paths() {
	fresh
	as ana 'echo 1 >docs/new; echo 2 >docs/a; echo 3 >other; mv old new'
	like "a path" "$(ctl home ana commit /home/ana/docs/new)" '^1 committed'
	is "alone" "$(changes ana)" "c:docs/a r:new a:other"
	check "is in the real home" test -e /home/ana/docs/new -a ! -e /home/ana/other
	check "two" ctl home ana commit ./docs//a other
	is "what is left" "$(changes ana)" "r:new"
	for path in ../bob / /home/ana docs/../../bob ''; do
		is "no path beneath: '$path'" "$(status ctl home ana commit "$path")" 2
	done
	is "not of another lower" "$(echo /etc/skel >"$STORE/home/$(id -u ana)/lower"; echo end >>"$STORE/home/$(id -u ana)/lower"
		status ctl home ana commit)" 1
}

check_commit_kept() {
	fresh
	as ana 'echo 1 >one; echo 2 >two'
	mknod -m 666 "$(data_of ana)/up/dev" c 1 3
	like "what cannot be is told" "$(ctl home ana commit 2>&1)" '^carrelctl home commit: not committed: dev: '
	is "and stays" "$(changes ana)" "a:dev"
	is "a no" "$(status ctl home ana commit)" 1
	check "all else is there" test -e /home/ana/one -a -e /home/ana/two
}

check_commit_killed() {
	local i before
	fresh
	play
	as ana 'for i in {1..500}; do echo $i >f$i; done; rm -r docs; mkdir docs; for i in {1..200}; do echo $i >docs/g$i; done'
	before=$(seen ana | without_set_id)
	for i in 0.01 0.02 0.03 0.05 0.07 0.1 0.15; do
		timeout -s KILL "$i" "$STAGE_LIB/carrelctl" home ana commit >/dev/null 2>&1
		check "killed after $i s: no worker goes on" poll 10 eval '! pgrep -u ana >/dev/null'
		is "what is seen is the same" "$(diff <(echo "$before") <(seen ana | without_set_id))" ""
	done
	timeout -s INT 0.05 "$STAGE_LIB/carrelctl" home ana commit >"$STAGE/stopped" 2>&1
	check "Ctrl-C says that it can go on" eval \
		'[ ! -s "$STAGE/stopped" ] || grep -q "committed\|run it again to go on" "$STAGE/stopped"'
	check "and again" ctl home ana commit
	is "all is there" "$(diff <(echo "$before") <(listing /home/ana))" ""
}

# What an interrupted commit has left goes with what it was about.
check_commit_cleaned() {
	fresh
	as ana 'for i in {1..800}; do echo $i >f$i; done'
	for i in 0.02 0.03 0.04 0.05 0.06; do
		timeout -s KILL "$i" "$STAGE_LIB/carrelctl" home ana commit >/dev/null 2>&1
		check "killed after $i s" poll 10 eval '! pgrep -u ana >/dev/null'
	done
	is "discarded" "$(ctl home ana discard --yes)" discarded
	is "nothing of it is left" "$(find /home/ana -name '.carrel-*')" ""
	is "nor told" "$(changes ana)" ""
}

# Somebody who is also logged in elsewhere changes the real home under our hands.
check_commit_raced() {
	local before racer i
	install -d -m 0700 -o ana "$STAGE/drop/ana"
	echo untouched >"$STAGE/drop/ana/f1"
	chown ana "$STAGE/drop/ana/f1"
	before=$(listing "$STAGE/drop"; listing /home/cara)
	for i in 1 2 3; do
		fresh
		as ana 'mkdir -p docs/x; for i in {1..300}; do echo $i >docs/f$i; echo $i >docs/x/f$i; done; rm docs/a'
		real ana 'while :; do
			mv -T docs away && ln -s /srv/carrel/drop/ana docs; rm -f docs; mv -T away docs
			mv -T docs/x docs/y && ln -s /home/cara docs/x; rm -f docs/x; mv -T docs/y docs/x
		done' 2>/dev/null &
		racer=$!
		ctl home ana commit >/dev/null 2>&1
		ctl home ana diff >/dev/null 2>&1
		poll 10 eval 'pkill -KILL -u ana; ! pgrep -u ana' # what it was about to start may be there after it
		wait "$racer" 2>/dev/null
		is "raced: nothing elsewhere is another ($i)" "$(listing "$STAGE/drop"; listing /home/cara)" "$before"
	done
}

# What cannot be read is told, and all else is in the stream: as tar(1) has it.
check_export_unreadable() {
	fresh
	as ana 'mkdir dark light; echo 1 >dark/in; echo 2 >light/in; echo 3 >secret; echo 4 >z; chmod 0 dark'
	chown root "$(data_of ana)/up/secret"
	chmod 600 "$(data_of ana)/up/secret"
	ln "$(data_of ana)/up/secret" "$(data_of ana)/up/linked-secret"
	is "the status says so" "$(ctl home ana export --output "$STAGE/dark.tar" 2>"$STAGE/told"; echo $?)" 3
	is "what is left out is told, each once" "$(sed 's/^[^:]*: cannot read \([^,]*\), .*/\1/' "$STAGE/told" | sort | tr '\n' ' ')" \
		"dark linked-secret secret "
	is "all else is there" "$(tar tf "$STAGE/dark.tar" | sort | tr '\n' ' ')" "light light/in z "
	chmod 700 "$(data_of ana)/up/dark"
	rm -f "$STAGE/dark.tar"
}

# What a stream of the changes makes of another kept home over the same files is the same.
check_export() {
	local before
	fresh
	play
	as ana 'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")"'
	before=$(seen ana | grep -v '^sock ' | without_set_id)
	like "a socket is left out, which is told" "$(ctl home ana export --output "$STAGE/out.tar" 2>&1)" \
		': 1 sockets and devices were left out$'
	is "the file is root's alone" "$(stat -c '%a %u' "$STAGE/out.tar")" "600 0"
	check "holes are none of its bytes" test "$(stat -c %s "$STAGE/out.tar")" -lt 3000000
	is "no file is written over" "$(status ctl home ana export --output "$STAGE/out.tar")" 3
	is "nothing goes to a terminal" \
		"$(script -qec "$STAGE_LIB/carrelctl home ana export" /dev/null </dev/null >/dev/null; echo $?)" 2
	is "tar reads it" "$(tar tf "$STAGE/out.tar" | grep -cx -e docs/.wh.b -e .wh.old -e .wh.text -e d/e/sparse)" 4
	keep ana
	is "imported" "$(ctl home ana import --yes "$STAGE/out.tar")" imported
	is "it is the same home" "$(diff <(echo "$before") <(seen ana))" ""
	is "attributes, too" "$(as ana 'python3 -c "import os; print(os.getxattr(\"d/one\", \"user.a\"))"')" "b'v'"
	is "and links" "$(as ana 'stat -c %h d/one')" 2
	check "holes are holes" test "$(as ana 'stat -c %b d/e/sparse')" -lt 1000
	is "nothing is left in the trash" "$(ls -A "$(data_of ana)/trash")" ""
	ctl home ana export >"$STAGE/again.tar"
	is "from standard input" "$(ctl home ana import --yes --replace <"$STAGE/again.tar")" imported
	is "once more the same" "$(diff <(echo "$before") <(seen ana))" ""
	is "no snapshot was asked for" "$(ctl home ana snapshots --json | json 'len(d)')" 0
}

# hostile KIND: what it does is done to nothing but the home itself
hostile() {
	python3 "$STAGE_PY/hostile_tar.py" "$1" >"$STAGE/hostile.tar"
	ctl home ana import --yes --replace "$STAGE/hostile.tar" 2>&1
}

# keeps: ctl/home/unpack R1, R2
# keeps: ctl/home/worker R3
check_hostile_tar() {
	local kind before
	fresh
	install -d -m 0700 -o ana "$STAGE/drop/ana"
	before=$(listing "$STAGE/drop"; listing /home/ana; stat -c '%a %h %z' /etc/passwd "$STORE"/home/*/owner)
	for kind in absolute dotdot through_link through_parent hard_link hard_parent chmod_out device no_device; do
		hostile $kind >/dev/null
		is "$kind changes nothing elsewhere" "$(listing "$STAGE/drop"; listing /home/ana
			stat -c '%a %h %z' /etc/passwd "$STORE"/home/*/owner)" "$before"
	done
	fresh
	like "a device is refused" "$(hostile device)" "cannot be unpacked: .*mem.*not permitted"
	is "and nothing is changed" "$(changes ana)" ""
	is "nor left" "$(ls -A "$(data_of ana)/trash")" ""
	is "a whiteout that says what it is" "$(hostile no_device)" imported
	is "hides what is not there" "$(changes ana)" ""
	is "set-id bits" "$(hostile set_id)" imported
	is "are taken away" "$(as ana 'stat -c %a root dir' | xargs)" "755 755"
	hostile attributes >/dev/null
	is "of attributes the user's alone" \
		"$(python3 -c "import os, glob; print(sorted(os.listxattr(glob.glob('$(data_of ana)/layers/*/marked')[0])))")" \
		"['user.kept']"
	for kind in markers marker_dir top_opaque; do
		is "a marker of nothing ($kind)" "$(hostile $kind >/dev/null; ctl home ana diff --json | json 'len(d)')" 1
	done
	like "in words" "$(hostile top_opaque)" 'cannot make a layer of the archive'
	as ana 'mkdir shut; touch shut/gone'
	is "a directory that is shut" "$(hostile locked)" imported
	is "is gone through and shut again" "$(as ana 'stat -c %a shut')" 0
	is "no archive at all" "$(head -c 3000 /dev/urandom | ctl home ana import --yes - >/dev/null 2>&1; echo $?)" 3
	is "half of one" "$(head -c 700 "$STAGE/out.tar" | ctl home ana import --yes - >/dev/null 2>&1; echo $?)" 3
	is "nothing is left of either" "$(ls -A "$(data_of ana)/trash")" ""
}

# The directories, from the top down, are each 0700: nobody sees more than one at a time.
check_deep() {
	fresh
	as ana 'python3 -c "
import os
for i in range(4000):
    os.mkdir(\"d\")
    os.chdir(\"d\")
open(\"bottom\", \"w\").write(\"deep\")
"'
	is "4,000 levels: diff" "$(ctl home ana diff --json | json 'len(d)')" 4001
	check "usage" test "$(ctl home ana usage --json | json 'd[0]["files"]')" -ge 4001
	check "export" ctl home ana export --output "$STAGE/deep.tar"
	check "all of it" test "$(tar tf "$STAGE/deep.tar" | tail -n 1 | wc -c)" -ge 8000
	is "discard" "$(ctl home ana discard --yes)" discarded
	is "to the bottom" "$(ls -A "$(data_of ana)/trash")" ""
	rm -f "$STAGE/deep.tar"
}

# Killed at any time: the old state or the new one, and it can be run again.
check_killed() {
	local i before after
	fresh
	as ana 'for i in {1..300}; do echo $i >f$i; done'
	ctl home ana export --output "$STAGE/many.tar"
	after=$(seen ana)
	for i in 0.001 0.01 0.02 0.04 0.08 0.15; do
		keep ana
		as ana 'echo before >before'
		before=$(seen ana)
		timeout -s KILL "$i" "$STAGE_LIB/carrelctl" home ana import --yes --replace "$STAGE/many.tar" >/dev/null 2>&1
		check "killed after $i s: no worker goes on" poll 10 eval '! pgrep -u ana >/dev/null'
		ctl home ana gc >/dev/null
		check "old or new" eval '[ "$(seen ana)" = "$before" -o "$(seen ana)" = "$after" ]'
		is "nothing is left" "$(ls -A "$(data_of ana)/trash")" ""
	done
	check "and again" ctl home ana import --yes --replace "$STAGE/many.tar"
	is "it is whole" "$(seen ana)" "$after"
	rm -f "$STAGE/many.tar"
}

check_full() {
	local before
	fresh
	mount -t tmpfs -o size=2M,mode=0700 full "$STORE"
	keep ana
	as ana 'echo kept >kept'
	before=$(seen ana)
	real ana 'head -c 8M /dev/urandom >big'
	tar -cf "$STAGE/big.tar" -C /home/ana big
	rm /home/ana/big
	is "no space" "$(ctl home ana import --yes "$STAGE/big.tar" >/dev/null 2>&1; echo $?)" 3
	is "is no harm" "$(seen ana)" "$before"
	is "and leaves none" "$(ls -A "$(data_of ana)/trash")" ""
	as ana 'cat /dev/zero >full' 2>/dev/null
	before=$(changes ana)
	like "no space to exchange anything, either" "$(ctl home ana discard --yes 2>&1)" 'space or the number of files is used up'
	is "which changes nothing" "$(changes ana)" "$before"
	umount "$STORE"
}

# keeps: ctl/home/kept R2
# The home is another's, or the way to it: never looked into.
check_way() {
	fresh
	real cara 'mkdir -p secret; echo s >secret/file'
	mv /home/ana /home/ana.away
	ln -s /home/cara /home/ana
	is "a link for the home" "$(status ctl home ana diff)" 3
	like "in words" "$(ctl home ana diff 2>&1)" 'home /home/ana is owned by uid'
	rm /home/ana
	install -d -o cara -m 0755 /home/ana
	is "another's home" "$(status ctl home ana diff)" 3
	rmdir /home/ana
	is "no home" "$(status ctl home ana diff)" 3
	mv /home/ana.away /home/ana
	ln -s /etc "$(data_of ana)/layers/7"
	sed -i 's/layers=-/layers=7/' "$(data_of ana)/stack"
	is "a link for a layer" "$(status ctl home ana diff)" 3
	keep ana
	rm -r "$(data_of ana)/trash"
	ln -s /home/cara "$(data_of ana)/trash"
	is "a link for the trash" "$(status ctl home ana gc)" 3
	check "which stays what it was" test -e /home/cara/secret/file
}

check_orphans() {
	fresh
	sed -i 's/^name=ana/name=somebody/' "$STORE/home/$(id -u ana)/owner"
	is "a record that is not hers" "$(status ctl home ana diff)" 3
	like "is told" "$(ctl home ana diff 2>&1)" 'is not that of "ana"'
	mkdir -p "$STORE/orphans"
	mv "$STORE/home/$(id -u ana)" "$STORE/orphans/home.1001.x"
	is "without a terminal nothing is removed" "$(status ctl home orphans/home.1001.x gc </dev/null)" 1
	is "what was moved aside is in the list" "$(ctl home --json | json '[(x["user"], x["orphan"]) for x in d]')" \
		"[('somebody', 'home.1001.x')]"
	is "nor what is no orphan" "$(status ctl home orphans/../home gc --yes)" 3
	is "it is removed when that is wanted" "$(ctl home orphans/home.1001.x gc --yes)" "orphans/home.1001.x is removed"
	is "nothing is kept" "$(ctl home)" "Nothing is kept."
}

# A record that a newer carrel has written is not ours to judge: nothing is moved, nothing is changed.
check_other_version() {
	fresh
	sed -i 's/^owner=1/owner=2/' "$STORE/home/$(id -u ana)/owner"
	is "not used" "$(status ctl home ana diff)" 3
	like "which is told" "$(ctl home ana diff 2>&1)" 'its owner record is of another version'
	check "it stays where it is" test -e "$STORE/home/$(id -u ana)/owner" -a -z "$(ls -A "$STORE/orphans")"
	keep ana
}

check_list() {
	fresh
	as ana 'echo 1 >one'
	ctl home ana snapshot first >/dev/null
	ctl home ana snapshot second >/dev/null
	is "how many snapshots" "$(ctl home --json | json '[(x["user"], x["snapshots"], x["used"]) for x in d]')" "[('ana', 2, None)]"
	like "for people" "$(ctl home)" '^USER +UID +BASE +FORM +USED +SIZE +FILES +INODES +SNAPSHOTS +CREATED'
}

check_gc_all() {
	fresh
	keep bob
	as ana 'echo 1 >one'
	ctl home ana snapshot first >/dev/null
	as ana 'echo 2 >two'
	ctl home ana snapshot second >/dev/null
	sed -i '/^snapshot=first/d' "$(data_of ana)/snapshots"
	mkdir -p "$(data_of bob)/trash/old/deep" "$STORE/orphans/home-7-x"
	chmod 0700 "$STORE/orphans/home-7-x"
	install -d -m 0700 "$STORE/home/4242"
	echo nonsense >"$STORE/home/4242/owner"
	someone_in bob
	like "one that cannot be read is told" "$(ctl gc 2>&1)" 'home/4242: its record cannot be read'
	is "layers that nothing tells apart are one" "$(ls "$(data_of ana)/layers" | wc -l)" 1
	is "what was thrown away is gone, also of who is in" "$(ls -A "$(data_of bob)/trash")" ""
	check "what was moved aside is there" test -e "$STORE/orphans/home-7-x"
	nobody_in
	ctl gc --orphans 1 >/dev/null 2>&1
	check "nor is it old enough" test -e "$STORE/orphans/home-7-x"
	is "days are a number" "$(status ctl gc --orphans soon)" 2
	sed -i 's/^name=bob/name=nobody-such/' "$STORE/home/$(id -u bob)/owner"
	like "somebody who is no more is told" "$(ctl gc 2>&1)" 'nobody-such'
	rm -rf "$STORE/home/4242" "$STORE/home/$(id -u bob)" "$STORE/orphans/home-7-x"
	is "else it is quiet" "$(ctl gc 2>&1; echo $?)" 0
}

# A root: the host's, with the user's own changes.
check_root() {
	rootimage_loops || { skip_here "kept roots" "no loop devices"; return; }
	local own='root = { mode = "overlay"; over = "persistent"; size = "64M"; own = [ "/usr/local" ]; };'
	sed -i 's/home = { mode = "overlay"; size = "64M"; };/home = { mode = "real"; };/' /etc/carrel/carrel.conf
	sed -i "s|    hostname = \"%u-room\";|&\n    $own|" /etc/carrel/carrel.conf
	room ana 'echo mine >/usr/local/mine'
	settle
	is "what she changed" "$(ctl root ana diff --json | json '[(x["change"], x["path"]) for x in d if x["type"] == "file"]')" \
		"[('added', 'usr/local/mine')]"
	is "by its base" "$(status ctl root ana:host diff)" 0
	like "the list" "$(ctl root)" '^ana +[0-9]+ +host '
	like "nor is an archive made one" "$(ctl root ana import --yes /dev/null 2>&1)" "a root's directories are root's"
	is "a root is not committed" "$(status ctl root ana commit)" 1
	is "nor is one imported" "$(status ctl root ana import --yes /dev/null)" 1
	check "usage" ctl root ana usage
	check "export" eval 'ctl root ana export | tar t | grep -qx usr/local/mine'
	check "snapshot" ctl root ana snapshot s
	room ana 'rm /usr/local/mine'
	settle
	check "restore" ctl root ana restore --yes --replace s
	is "she has it again" "$(room ana 'cat /usr/local/mine')" mine
	settle
	check "dropped" ctl root ana drop --yes s
	check "discard" ctl root ana discard --yes
	is "and it is gone" "$(room ana 'ls /usr/local/mine 2>&1' | grep -c 'No such')" 1
	settle
	host_config "store = \"$STORE\";"
}

# Each line of docs/homes.md, in its order, as it stands there.
check_documented() {
	local line dir
	dir=$(mktemp -d)
	doc_blocks "$STAGE/data/homes.md" homecmd "$dir"
	fresh
	as ana 'mkdir thesis; echo "It is." >thesis/one; echo x >other'
	rm -f "$STAGE/alice.tar"
	while read -r line; do
		check "$line" eval "cd $STAGE && ${line/#carrelctl/ctl}"
	done < <(sed 's/home alice/home ana/; s/ *#.*//' "$dir"/*.sh)
	rm -rf "$dir"
	is "and what they say they do is so" "$(changes ana) $(cat /home/ana/thesis/one)" "a:other It is."
}

host_start
host_config "store = \"$STORE\";"
needs check_hostile_tar check_export
run_cases "$@" -- check_diff check_patch check_names check_snapshots check_discard check_commit check_commit_paths \
	check_commit_snapshots check_commit_snapshots_paths check_commit_snapshots_killed \
	check_discard_paths check_dropped check_commit_kept check_commit_killed \
	check_commit_cleaned check_commit_raced check_in check_mounted check_in_room \
	check_export check_export_unreadable \
	check_hostile_tar check_deep check_killed check_full check_way check_orphans check_other_version check_list check_gc_all \
	check_documented check_root
host_config
tap_done
