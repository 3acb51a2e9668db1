#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl home where it is hard: many files, deep trees, files that nobody may change, ACLs, holes, power that fails,
# disks that are full. MANY=1000000 for as many files in one commit; SNAPS=N for more moments at which the power fails.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/rootimage.sh"
. "$(dirname "$0")/../lib/kepthome.sh"

# peak COMMAND...: runs it, and prints how many MiB the largest of its processes had
peak() {
	python3 -c 'import resource, subprocess, sys
rc = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024 if rc == 0 else "status %d" % rc)' \
		"$STAGE_LIB/carrelctl" "$@"
}

# What a commit that is done has left in the home and in the store.
remains() {
	find /home/ana -name '.carrel-*'
	ls -A "$(data_of ana)/up" "$(data_of ana)/trash" | grep -v :
}

# ---- many -----------------------------------------------------------------------------------------------------

# DIRECTORY FROM TO WHAT: files as a program makes them
MAKE_MANY='import os, sys
where, first, last, what = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.makedirs(where, exist_ok=True)
os.chdir(where)
for i in range(first, last):
    if what == "rm":
        os.unlink(str(i))
    else:
        with open(str(i), "w") as f:
            f.write(what)'
export MAKE_MANY

# A third in a directory that is there, a third in a new one, a third is gone: memory does not grow with them.
check_many() {
	local many=${MANY:-30000} third
	third=$((many / 3))
	fresh
	real ana "python3 -c '$MAKE_MANY' there 0 $third old"
	as ana "python3 -c '$MAKE_MANY' there $third $((2 * third)) new; python3 -c '$MAKE_MANY' whole 0 $third new
		python3 -c '$MAKE_MANY' there 0 $third rm"
	largest "diff" home ana diff
	largest "usage" home ana usage
	largest "export" home ana export --output "$STAGE/many.tar"
	largest "commit" home ana commit
	is "all is there" "$(ls -U /home/ana/there | wc -l) $(ls -U /home/ana/whole | wc -l)" "$third $third"
	is "and nothing has changed any more" "$(changes ana)" ""
	largest "import" home ana import --yes "$STAGE/many.tar"
	largest "discard" home ana discard --yes
	is "of which nothing is left" "$(ls -A "$(data_of ana)/trash")" ""
	rm -f "$STAGE/many.tar"
}

# largest NAME COMMAND...
largest() {
	local mib
	mib=$(peak "${@:2}")
	echo "# $1: at most $mib MiB"
	check "$1 takes no more memory for many files" test "$mib" -le 128
}

# ---- deep -----------------------------------------------------------------------------------------------------

DEEP='import os, sys
for i in range(4000):
    if sys.argv[1] == "make":
        os.mkdir("d")
    os.chdir("d")
open("bottom", "w").write(sys.argv[1])'
export DEEP

bottom() { # DIRECTORY: what stands there at the bottom
	(cd "$1" && python3 -c 'import os
for i in range(4000):
    os.chdir("d")
print(open("bottom").read())')
}

check_deep() {
	fresh
	as ana "python3 -c '$DEEP' make"
	check "4,000 levels: commit" ctl home ana commit
	is "are in the real home" "$(bottom /home/ana)" make
	as ana "python3 -c '$DEEP' again"
	check "one file at the bottom" ctl home ana commit
	is "is there" "$(bottom /home/ana)" again
	is "and nothing is left of the way" "$(ls -A "$(data_of ana)/up")" ""
	as ana 'rm -r d'
	check "they are deleted" ctl home ana commit
	refute "all of them" test -e /home/ana/d
	as ana "python3 -c '$DEEP' make"
	check "a snapshot" ctl home ana snapshot one
	as ana 'mv d e'
	is "renamed" "$(changes ana --since one)" "r:e"
	as ana 'rm -r e'
	check "and back" ctl home ana restore --yes --replace one
	mount_upper ana
	is "to the bottom" "$(bottom "$STAGE/merged")" make
	umount "$STAGE/merged"
	check "dropped" ctl home ana drop --yes one
	check "committed from its layer" ctl home ana commit
	is "to the bottom, too" "$(bottom /home/ana)" make
	real ana 'rm -rf d'
}

# ---- what nobody may change -----------------------------------------------------------------------------------

# has_attributes DIRECTORY: chattr works there
has_attributes() {
	touch "$1/probe" && chattr +i "$1/probe" 2>/dev/null && chattr -i "$1/probe" && rm "$1/probe"
}

check_immutable() {
	has_attributes /home/ana || { skip_here "files that cannot be changed" "no chattr here"; return; }
	fresh
	real ana 'mkdir log; echo 1 >log/lines'
	as ana 'echo 2 >>docs/a; rm docs/b; echo new >docs/new; echo 2 >log/lines; echo new >log/new; echo other >other; rm -r old'
	chattr +i /home/ana/docs/a /home/ana/docs/b /home/ana/old/deep/x
	chattr +a /home/ana/log
	ctl home ana commit >"$STAGE/said" 2>&1
	is "the real home's: not all can be" $? 1
	for path in docs/a docs/b log/lines log/new old; do
		like "told: $path" "$(cat "$STAGE/said")" "not committed: $path: .*ot permitted"
	done
	is "what cannot be stays a change" "$(changes ana)" "c:docs/a d:docs/b c:log/lines a:log/new d:old"
	is "all else is there" "$(cat /home/ana/docs/new /home/ana/other)" $'new\nother'
	is "what is there stays whole" "$(cat /home/ana/docs/a /home/ana/docs/b /home/ana/log/lines)" $'one\ntwo\n1'
	chattr -i /home/ana/docs/a /home/ana/docs/b /home/ana/old/deep/x
	chattr -a /home/ana/log
	check "when they may be changed, it goes on" ctl home ana commit
	is "to its end" "$(changes ana)$(remains)" ""
	is "with all of it" "$(cd /home/ana && cat docs/a log/lines log/new; ls -d docs/b old 2>/dev/null)" \
		$'one\n2\n2\nnew'
}

check_immutable_upper() {
	local up
	fresh
	up=$(data_of ana)/up
	has_attributes "$up" || { skip_here "changes that cannot be changed" "no chattr here"; return; }
	as ana 'echo 2 >>docs/a; mkdir whole; echo w >whole/w; echo other >other'
	chattr +i "$up/docs/a" "$up/whole/w"
	chattr +a "$up/other"
	ctl home ana commit >"$STAGE/said" 2>&1
	is "the changes themselves: not all of it can be" $? 3
	like "told: what stays a change" "$(cat "$STAGE/said")" 'not committed: docs/a: .*ot permitted'
	like "told: what stays in the trash" "$(cat "$STAGE/said")" 'cannot remove .*/w: .*ot permitted'
	is "what they say is in the real home" "$(cat /home/ana/docs/a /home/ana/whole/w /home/ana/other)" $'one\n2\nw\nother'
	refute "discard cannot be" ctl home ana discard --yes
	chattr -R -i -a "$(data_of ana)"
	check "until they may be changed" ctl home ana discard --yes
	check "gc" ctl home ana gc
	is "then nothing is left" "$(changes ana)$(ls -A "$(data_of ana)/trash"; find /home/ana -name '.carrel-*')" ""
}

# ---- attributes -----------------------------------------------------------------------------------------------

acl() {
	python3 "$STAGE_PY/acl.py" "$@"
}

check_acls() {
	local before bob cara
	bob=$(id -u bob) cara=$(id -u cara)
	fresh
	acl /home/ana/docs/a access u::6 "u:$bob:5" g::4 m::5 o::4 2>/dev/null ||
		{ skip_here "ACLs" "the file system has none"; return; }
	real ana 'mkdir shared; echo s >shared/file'
	acl /home/ana/shared default u::7 "u:$bob:7" g::5 m::7 o::5
	mount_upper ana
	cd "$STAGE/merged"
	acl docs/a access u::6 "u:$cara:4" g::4 m::4 o::4
	acl docs/b access u::6 g::4 "g:$(getent group students | cut -d: -f3):6" m::6 o::4
	setpriv --reuid ana --regid "$(id -g ana)" --init-groups \
		bash -c 'mkdir team team/sub; echo in >team/sub/file; echo plain >shared/new'
	acl team access u::7 "u:$bob:7" g::5 m::7 o::5
	acl team default u::7 "u:$bob:7" g::5 m::7 o::0
	setpriv --reuid ana --regid "$(id -g ana)" --init-groups bash -c 'mkdir team/later; echo x >team/later/file'
	acl shared/file access
	acl shared default
	before=$(acl . list)
	cd /
	umount "$STAGE/merged"
	like "there are some" "$before" 'team/later/file .*access'
	like "a change of an ACL alone is one" "$(ctl home ana diff)" 'docs/b \('
	check "export" ctl home ana export --output "$STAGE/acl.tar"
	check "snapshot" ctl home ana snapshot s
	check "restore" ctl home ana restore --yes --replace s
	check "drop" ctl home ana drop --yes s
	is "a snapshot keeps them" "$(diff <(echo "$before") <(seen_acls))" ""
	keep ana
	check "import" ctl home ana import --yes "$STAGE/acl.tar"
	is "a stream keeps them" "$(diff <(echo "$before") <(seen_acls))" ""
	check "commit" ctl home ana commit
	is "the real home has them" "$(diff <(echo "$before") <(acl /home/ana list))" ""
	is "and nothing has changed any more" "$(changes ana)" ""
	rm -f "$STAGE/acl.tar"
}

seen_acls() {
	mount_upper ana
	acl "$STAGE/merged" list
	umount "$STAGE/merged"
}

# ---- names, links, holes --------------------------------------------------------------------------------------

check_names() {
	local before
	fresh
	as ana 'python3 -c "
import os
for name in [b\"a\\nb\", b\"\\xff\\xfe\", b\" \", b\"-rf\", b\"\\\\\", b\"\\x1b[2J\", b\"x\" * 200, b\"\\xc3\\xa4\",
	b\"\\\"\", b\"tab\\t\"]:
    os.mkdir(b\"d\" + name)
    open(b\"d\" + name + b\"/\" + name, \"wb\").write(b\"in \" + name + b\"\\n\")
    os.symlink(name, b\"l\" + name)
"'
	before=$(seen ana)
	is "all of them are told to programs" "$(ctl home ana diff --json | json '
len([x for x in d if x["type"] == "file" and x["path"].encode("latin-1").split(b"/")[-1] in
	[b"a\nb", b"\xff\xfe", b" ", b"-rf", b"\\", b"\x1b[2J", b"x" * 200, b"\xc3\xa4", b"\"", b"tab\t"]])')" 10
	ctl home ana diff --patch >"$STAGE/patch"
	is "in a patch" "$(grep -c '^+in ' "$STAGE/patch")" 10
	cp -a /home/ana "$STAGE/patched"
	check "that patch takes" patch -s -p1 -d "$STAGE/patched" -i "$STAGE/patch"
	is "with their content" "$(cd "$STAGE/patched" && find . -type f -print0 | sort -z | xargs -0 sha256sum)" \
		"$(as ana 'find . -type f -print0 | sort -z | xargs -0 sha256sum')"
	check "export" ctl home ana export --output "$STAGE/names.tar"
	keep ana
	check "import" ctl home ana import --yes "$STAGE/names.tar"
	is "the same names" "$(diff <(echo "$before") <(seen ana))" ""
	check "commit" ctl home ana commit
	is "are in the real home" "$(diff <(echo "$before") <(listing /home/ana))" ""
	rm -rf "$STAGE/names.tar" "$STAGE/patched"
}

check_links() {
	fresh
	as ana 'mkdir a b docs/c; echo 1 >a/one; ln a/one b/two; ln a/one docs/c/three; ln a/one four; ln -s gone s; ln s a/t'
	check "names in four directories: commit" ctl home ana commit
	is "of one file" "$(cd /home/ana && stat -c %i a/one b/two docs/c/three four | sort -u | wc -l)" 1
	is "with four names" "$(stat -c %h /home/ana/four)" 4
	as ana 'echo 2 >>four; rm b/two; ln a/one b/five'
	ctl home ana export --output "$STAGE/links.tar" 2>/dev/null
	check "changed: commit" ctl home ana commit
	is "all names have it" "$(cd /home/ana && cat four)" $'1\n2'
	is "nothing is left" "$(changes ana)$(find /home/ana -name '.carrel-*')" ""
	rm -f "$STAGE/links.tar"
}

LONG=$((60 * CARREL_PATIENCE)) # for what would take hours if holes were read

check_sparse() {
	fresh
	real ana 'truncate -s 1T below; echo end >>below'
	as ana 'truncate -s 1T new; echo end >>new; ln new again; chmod 600 below; echo x >>docs/a'
	is "a hole of 1 TB: diff" "$(timeout $LONG "$STAGE_LIB/carrelctl" home ana diff --json | json 'len(d)')" 4
	check "as a patch" timeout $LONG "$STAGE_LIB/carrelctl" home ana diff --patch
	check "usage" timeout $LONG "$STAGE_LIB/carrelctl" home ana usage
	check "export" timeout $LONG "$STAGE_LIB/carrelctl" home ana export --output "$STAGE/sparse.tar"
	check "with its holes" test "$(stat -c %s "$STAGE/sparse.tar")" -lt 1000000
	check "commit" timeout $LONG "$STAGE_LIB/carrelctl" home ana commit
	is "whole" "$(stat -c '%s %h %a' /home/ana/new /home/ana/below | paste -sd' ')" "1099511627780 2 644 1099511627780 1 600"
	check "with its holes" test "$(stat -c %b /home/ana/new)" -lt 1000
	is "to its end" "$(tail -c 4 /home/ana/new)" end
	keep ana
	check "import" timeout $LONG "$STAGE_LIB/carrelctl" home ana import --yes "$STAGE/sparse.tar"
	check "with its holes, too" test "$(du -k -s "$(data_of ana)" | cut -f1)" -lt 1000
	real ana 'rm -f new again below'
	rm -f "$STAGE/sparse.tar"
}

# ---- full -----------------------------------------------------------------------------------------------------

# The real home's disk is full in the midst of a commit.
check_full_home() {
	local before
	fresh
	mount -t tmpfs -o size=1M,mode=0755 full /home/ana
	chown ana /home/ana
	real ana 'mkdir docs; echo one >docs/a'
	as ana 'for i in {1..30}; do head -c 40000 /dev/urandom >docs/f$i; echo $i >n$i; done; rm docs/a'
	before=$(seen ana)
	ctl home ana commit >"$STAGE/said" 2>&1
	is "a full home: commit says so" $? 3
	like "in words" "$(cat "$STAGE/said")" 'No space|space or the number of files is used up'
	is "what is seen is the same" "$(diff <(echo "$before") <(seen ana))" ""
	mount -o remount,size=8M /home/ana
	check "with more room it goes on" ctl home ana commit
	is "all is there" "$(diff <(echo "$before") <(listing /home/ana))" ""
	umount /home/ana
}

# ---- killed ---------------------------------------------------------------------------------------------------

# kill_soon MS ctl ARGUMENT...: carrelctl is killed within so many milliseconds; its worker ends then
kill_soon() {
	{ timeout -s KILL "0.$(printf %03d $((RANDOM % $1 + 1)))" "$STAGE_LIB/carrelctl" "${@:3}" >/dev/null 2>&1; } 2>/dev/null
	poll 20 eval '! pgrep -u ana >/dev/null'
}

# Killed at any time: what is seen is what was or what comes, and the command can be run again.
kill_rounds() { # NAME ROUNDS PREPARE COMMAND...
	local name=$1 rounds=$2 prepare=$3 before after i
	shift 3
	fresh
	eval "$prepare"
	before=$(seen ana | without_set_id)
	"$@" >/dev/null 2>&1
	after=$(seen ana | without_set_id)
	for ((i = 0; i < rounds; i++)); do
		fresh
		eval "$prepare"
		before=$(seen ana | without_set_id)
		kill_soon 80 "$@"
		ctl home ana gc >/dev/null 2>&1
		is "$name killed ($i): nothing is left in the trash" "$(ls -A "$(data_of ana)/trash")" ""
		check "old or new" eval '[ "$(same_times "$(seen ana | without_set_id)")" = "$(same_times "$before")" ] ||
			[ "$(same_times "$(seen ana | without_set_id)")" = "$(same_times "$after")" ]'
		"$@" >/dev/null 2>&1
		is "and again" "$(same_times "$(seen ana | without_set_id)")" "$(same_times "$after")"
	done
}

# What is made anew in each round has another time.
same_times() {
	sed -E 's/ [0-9]{10}\.[0-9]+ / /' <<<"$1"
}

CHANGES='as ana "for i in {1..150}; do echo \$i >f\$i; done; rm docs/b; mv old new; mkdir w; for i in {1..100}; do echo \$i >w/\$i; done"'

check_killed() {
	kill_rounds discard 6 "$CHANGES" ctl home ana discard --yes
	kill_rounds snapshot 6 "$CHANGES" ctl home ana snapshot one
	kill_rounds restore 6 "$CHANGES; ctl home ana snapshot one >/dev/null; as ana 'rm -r w; echo 2 >f1'" \
		ctl home ana restore --yes --replace one
	kill_rounds drop 6 "$CHANGES; ctl home ana snapshot one >/dev/null; as ana 'rm -r w; echo 2 >f1'
		ctl home ana snapshot two >/dev/null; as ana 'echo 3 >f2'" ctl home ana drop --yes one
}

# Commits, killed over and over at any time, one behind the other until there is one that ends.
check_commit_killed() {
	local round before i
	for round in 1 2 3; do
		fresh
		eval "$CHANGES"
		as ana 'ln f1 w/linked; mv docs docs2; mkdir docs; echo d >docs/d'
		before=$(seen ana)
		for ((i = 0; i < 12; i++)); do
			kill_soon 60 ctl home ana commit
		done
		is "a dozen times killed: the same is seen ($round)" "$(diff <(echo "$before") <(seen ana))" ""
		check "and it ends" ctl home ana commit
		is "with all of it" "$(diff <(echo "$before") <(listing /home/ana))" ""
		is "and nothing else" "$(remains)" ""
	done
}

# ---- power ----------------------------------------------------------------------------------------------------

# A disk with the real home and the store on it, in a file of which copies can be had at one moment: what a machine finds
# when its power comes back.
power_disk() {
	mkdir -p /srv/power /srv/disk "$STORE"
	truncate -s 1G "$STAGE/power.xfs"
	mkfs.xfs -q -m reflink=1 "$STAGE/power.xfs" && mount -o loop "$STAGE/power.xfs" /srv/power || return 1
	truncate -s 96M /srv/power/disk
	mkfs.ext4 -q -F -J size=4 /srv/power/disk
}

power_on() { # FILE
	mount -o loop,commit=1 "$1" /srv/disk && mkdir -p /srv/disk/ana && mkdir -p -m 0700 /srv/disk/store &&
		mount --bind /srv/disk/ana /home/ana && mount --bind /srv/disk/store "$STORE"
}

power_off() {
	umount "$STORE" && umount /home/ana && poll 10 umount /srv/disk && poll 10 loops_gone /srv/power/
}

# During COMMAND the power fails at many moments. After each: what is seen is one of two, and the command can be run again.
power_fails() { # NAME COMMAND...
	local name=$1 before after i n=0 pid
	shift
	before=$(seen ana)
	rm -f /srv/power/at.*
	sync -f /srv/disk
	"${@/#ctl/$STAGE_LIB/carrelctl}" >/dev/null 2>&1 &
	pid=$!
	for ((i = 1; i <= ${SNAPS:-12}; i++)); do
		cp --reflink=always /srv/power/disk "/srv/power/at.$i"
		kill -0 $pid 2>/dev/null || break
		sleep "0.0$((RANDOM % 5 + 1))"
	done
	wait $pid
	after=$(seen ana)
	power_off
	for i in /srv/power/at.*; do
		power_on "$i"
		n=$((n + 1))
		check "$name, moment $n: old or new" eval '[ "$(seen ana)" = "$before" ] || [ "$(seen ana)" = "$after" ]'
		"$@" >"$STAGE/said" 2>&1
		is "and again" "$(diff <(echo "$after") <(seen ana))" ""
		power_after "$name" "$before"
		power_off
		check "the file system is whole" e2fsck -fn "$i"
		rm -f "$i"
	done
	power_on /srv/power/disk
}

power_after() { # NAME BEFORE
	[ "$1" = commit ] || return 0
	is "the real home has all of it" "$(diff <(echo "$2") <(listing /home/ana))" ""
	is "and nothing else" "$(remains)" ""
}

check_power() {
	command -v mkfs.xfs >/dev/null && rootimage_loops ||
		{ skip_here "power failures" "no loop devices or mkfs.xfs"; return; }
	power_disk || { skip_here "power failures" "no xfs here"; return; }
	power_on /srv/power/disk
	chown ana /home/ana
	fresh
	eval "$CHANGES"
	as ana 'for i in {1..1500}; do echo $i >docs/g$i; done; ln f1 w/linked; head -c 3M /dev/urandom >big; echo 2 >>text'
	power_fails commit ctl home ana commit
	fresh
	eval "$CHANGES"
	power_fails discard ctl home ana discard --yes
	fresh
	eval "$CHANGES"
	power_fails snapshot ctl home ana snapshot one
	as ana 'rm -r w; echo other >f1; mv new newer'
	power_fails restore ctl home ana restore --yes --replace one
	ctl home ana export --output "$STAGE/power.tar"
	keep ana
	power_fails import ctl home ana import --yes --replace "$STAGE/power.tar"
	power_off
	umount /srv/power
	rm -f "$STAGE/power.xfs" "$STAGE/power.tar"
}

host_start
host_config "store = \"$STORE\";"
run_cases "$@" -- check_names check_links check_acls check_sparse check_immutable check_immutable_upper check_deep check_full_home \
	check_many check_killed check_commit_killed check_power
host_config
tap_done
