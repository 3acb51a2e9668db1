#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Homes that are kept (home.upper = "persistent"): there again at the next login, one for all rooms of a user at one time,
# whatever dies; held to their size; nobody else's.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/rootimage.sh"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/likemake.sh"

STORE=/srv/store
PLAIN='home = { mode = "overlay"; upper = "persistent"; quota = "none"; wishes = false; };'

# ana's logins have a room each, dora's one for all of them.
kept_config() { # [ANA'S HOME [DORA'S]]
	host_config "store = \"$STORE\";" "${1-$PLAIN}" "${2-$PLAIN}"
	sed -i 's/home = { mode = "\(overlay\|tmpfs\)"; size = "64M"; };//' /etc/carrel/carrel.conf
}

entry() { # USER
	echo "$STORE/home/$(id -u "$1")"
}

all_gone() {
	poll 20 rooms_gone
}

holders() {
	ls $STATE_DIR/homes 2>/dev/null | wc -l
}

# The overlays that rooms show as the home, one line a room; each overlay has a device of its own.
shown() { # USER
	local init
	for init in $(helper_pids init); do
		awk -v at="/home/$1" '$5 == at && / - overlay / { print $3 }' "/proc/$init/mountinfo" 2>/dev/null
	done
}

# How many there are.
overlays() { # USER
	shown "$1" | sort -u | wc -l
}

check_kept() {
	kept_config
	is "the first login finds what the home has" \
		"$(room ana 'cat seed; echo new >fresh; echo changed >seed; mkdir -p d/e')" seed
	all_gone
	is "the next one finds what it wrote" "$(room ana 'cat seed fresh; ls -d d/e')" $'changed\nnew\nd/e'
	is "the real home is as it was" "$(cat /home/ana/seed; ls /home/ana/fresh 2>&1 | grep -c 'No such')" $'seed\n1'
	is "the store is root's alone" "$(stat -c '%u %a' $STORE $STORE/home "$(entry ana)" | sort -u)" '0 700'
	is "what is in it is the user's" "$(stat -c '%U %a' "$(entry ana)/data")" 'ana 700'
	is "the merged home has owner and mode of the real one" "$(room ana 'stat -c "%U %G %a" .')" "$(stat -c '%U %G %a' /home/ana)"
	like "whose it is is on record" "$(cat "$(entry ana)/owner")" $'name=ana\n'
	is "over what it was mounted, too" "$(head -n 1 "$(entry ana)/lower")" home
	unlike "mountinfo tells no place of the host" "$(room ana 'cat /proc/self/mountinfo')" "$STORE"
	all_gone
	is "no room is noted any more" "$(holders)" 0
}

sftp_as() { # USER COMMANDS
	timeout $((30 * CARREL_PATIENCE)) sftp -q -F $STAGE/ssh/config -b <(echo "$2") "$1@room" 2>&1
}

check_doors() {
	kept_config
	room ana 'echo one >by-ssh'
	all_gone
	is "su" "$(su - ana -c 'cat by-ssh; echo two >by-su' </dev/null)" one
	all_gone
	echo three >$STAGE_LOG/up
	rm -f $STAGE_LOG/down
	is "sftp" "$(sftp_as ana "put $STAGE_LOG/up by-sftp
get by-su $STAGE_LOG/down
rename by-ssh renamed" | grep -v '^sftp>'; cat $STAGE_LOG/down)" two
	all_gone
	is "and SSH again" "$(room ana 'cat by-su by-sftp renamed; ls by-ssh 2>/dev/null')" $'two\nthree\none'
	all_gone
	echo "@reboot ana cat by-su >by-cron.new; pwd >>by-cron.new; mv by-cron.new by-cron" >/etc/cron.d/kept
	cron_start
	check "cron: its job has run" poll 20 test -e "$(entry ana)/data/up/by-cron"
	kill $CRON
	rm -f /etc/cron.d/kept
	all_gone
	is "in the kept home" "$(room ana 'cat by-cron')" $'two\n/home/ana'
	is "and none of them in the real one" "$(ls /home/ana/by-* /home/ana/renamed 2>/dev/null)" ''
	all_gone
}

# docs/policies.md says in what a kept home is no real one. The list is a file's (tests/lib/likereal.sh).
check_like_real() {
	local real line name differs= list=$STAGE/tests/lib/likereal.sh
	kept_config
	like_make ana
	like_make bob
	real=$(room bob "bash $list" | sed s/bob/USER/g)
	is "the list has run" "$(grep -c : <<<"$real")" "$(grep -c '^say "' "$list")"
	while IFS= read -r line; do
		name=${line%%:*}
		[[ $line != "O_TMPFILE: "*"Errno 95"* ]] || continue # which overlayfs has from Linux 6.10 on
		[ "$line" = "$(grep -F "$name:" <<<"$real" | head -n 1)" ] || differs+="$name; "
	done < <(room ana "bash $list" | sed s/ana/USER/g)
	is "what differs is what is documented: hard links from below" "$differs" "links; "
	all_gone
	is "names that were one file below part when one is written" \
		"$(room ana 'cd like; cat h1 h2; [ h1 -ef h2 ] || echo apart; ls -l h2 | cut -d" " -f2')" $'h\nmore\nh\napart\n2'
	is "names that were made here stay one" "$(room ana 'cd like; cat f3b; [ f3 -ef f3b ] && stat -c %h f3')" $'f3\nmore\n2'
	is "two devices in one home" "$(room ana 'stat -c %d like/f11 like/d6 | sort -u | wc -l; df --output=fstype . | tail -n 1')" \
		$'2\noverlay'
	all_gone
	rm -rf /home/{ana,bob}/like "$(entry ana)"
}

check_two_rooms() {
	kept_config
	hold one ana@room
	hold_ask one 'echo first >shared' >/dev/null
	hold two ana@room
	isnt "two logins have two rooms" "$(hold_ask one 'readlink /proc/self/ns/mnt')" \
		"$(hold_ask two 'readlink /proc/self/ns/mnt')"
	is "the second sees what the first wrote" "$(hold_ask two 'cat shared')" first
	hold_ask two 'echo second >back' >/dev/null
	is "and the first what the second wrote" "$(hold_ask one 'cat back')" second
	is "it is one overlay" "$(overlays ana)" 1
	is "both are noted" "$(holders)" 2
	hold_end one
	poll 10 eval '[ "$(helper_pids init | wc -w)" = 1 ]'
	is "the first ends, the second goes on" "$(hold_ask two 'echo third >more; cat shared back more')" $'first\nsecond\nthird'
	hold three ana@room
	is "a third comes" "$(hold_ask three 'cat more')" third
	is "still one overlay" "$(overlays ana)" 1
	hold_end two
	hold_end three
	all_gone
	is "and all is there afterwards" "$(room ana 'cat shared back more')" $'first\nsecond\nthird'
	all_gone
}

# A login that waits for what does not come, which is for most of its timeout, waits no longer than that; until host_pam.
in_vain_for() { # SECONDS, times CARREL_PATIENCE
	CARREL_MODULE_ARGS=timeout=$(($1 * CARREL_PATIENCE)) host_pam
}

# A note that tells of another mount: what stands at that path is not taken for the home.
# keeps: helper/lent R2
check_wrong_note() {
	kept_config
	hold one ana@room
	hold_say one 'echo mine >kept'
	sed -i 's/^device=.*/device=1/' $STATE_DIR/homes/*.home
	log_mark
	in_vain_for 2
	like "the login is refused" "$(room ana 'cat kept')" 'code HOME'
	host_pam
	like "the log says why" "$(log_since 'stage=HOME')" 'does not give it: .*not there what it was'
	hold_end one
	all_gone
	is "and later it is there" "$(room ana 'cat kept')" mine
	all_gone
}

# What counts is the overlay that lives.
check_other_policy() {
	kept_config
	hold one ana@room
	hold_ask one 'echo mine >under-one' >/dev/null
	mkdir -p /srv/template
	echo template >/srv/template/other
	kept_config 'home = { mode = "overlay"; upper = "persistent"; quota = "none"; wishes = false; lower = "/srv/template"; };'
	log_mark
	is "another policy shows the living home" "$(room ana 'cat under-one; ls other 2>/dev/null')" mine
	like "the log says so" "$(log_since 'is the one that room')" 'whatever this policy says'
	hold_end one
	all_gone
	is "when nobody is in, it is its own" "$(room ana 'cat under-one other')" $'mine\ntemplate'
	all_gone
}

# keeps: helper/lent R1
check_race() {
	local round i pids
	kept_config
	room ana 'rm -f n-*'
	all_gone
	for round in 1 2 3; do
		pids=
		for i in 1 2 3 4 5 6 7 8 9 10; do
			room ana "echo $i >n-$round-$i; until [ -e $STAGE/drop/go-$round ]; do sleep 0.1; done" >$STAGE_LOG/race.$i 2>&1 &
			pids="$pids $!"
		done
		poll 10 eval '[ "$(shown ana | wc -l)" -ge 2 ]' # an init may be there before its home is
		is "round $round: one overlay" "$(overlays ana)" 1
		touch $STAGE/drop/go-$round
		wait $pids
		all_gone
		is "round $round: all of them came in and wrote" "$(room ana "ls n-$round-* | wc -l")" 10
		all_gone
	done
	is "nothing is noted" "$(holders)" 0
}

# Processes that hold nothing but memory of the room: each of them killed, and then another login.
check_killed() {
	local who
	kept_config
	for who in supervisor init; do
		hold one ana@room
		hold_say one "echo $who >kept-$who"
		hold_ask one 'sync kept-*' >/dev/null
		kill -9 $(helper_pids $who)
		is "$who killed: the next login finds it" "$(room ana "cat kept-$who")" $who
		hold_end one
		all_gone
	done
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	is "the sweep forgets the dead" "$(holders)" 0
}

# An overlay that no room knows of, as programs of a room that was killed may have one. keeps: helper/lent R1
check_mounted_unclaimed() {
	local data
	kept_config
	room ana 'echo mine >kept' >/dev/null
	all_gone
	data=$(entry ana)/data
	mkdir -p /srv/unclaimed
	mount -t overlay -o "lowerdir=/home/ana,upperdir=$data/up,workdir=$data/work,index=off" unclaimed /srv/unclaimed
	log_mark
	in_vain_for 2
	like "never two overlays on one upper" "$(room ana 'echo in')" 'this login was refused .code HOME.'
	host_pam
	like "the log says why" "$(log_since 'no room says so')" 'is mounted though no room says so'
	umount /srv/unclaimed
	is "afterwards the login works" "$(room ana 'cat kept')" mine
	all_gone
}

# What a helper that is just giving up holds is the next sweep's.
swept() {
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
	[ "$(holders)" = 0 ]
}

# The operator ends rooms while logins come: nobody is kept out, and nothing is lost.
check_kill_race() {
	local i pids= killer began=${EPOCHREALTIME/./} pause enough=$STAGE/drop/enough
	kept_config
	room ana 'rm -f k-*'
	pause=$((${EPOCHREALTIME/./} - began)) # as long as a login takes here, so that some are through before the next blow
	pause=$((pause / 1000000)).$(printf %06d $((pause % 1000000)))
	all_gone
	(until [ -e "$enough" ]; do ctl kill ana >/dev/null 2>&1; sleep "$pause"; done) &
	killer=$!
	for i in {1..12}; do
		room ana "echo $i >k-$i; sync k-$i; echo wrote" >$STAGE_LOG/kill.$i 2>&1 &
		pids="$pids $!"
		sleep 0.2
	done
	wait $pids
	touch "$enough"
	wait $killer # a blow that is still on its way would meet whoever comes next
	rm "$enough"
	all_gone
	for i in {1..12}; do grep -qx wrote $STAGE_LOG/kill.$i && echo $i; done | sort >$STAGE_LOG/wrote
	check "some have come in" test -s $STAGE_LOG/wrote
	is "what was written and synced is there" "$(room ana 'ls k-* | tr -d k-' | sort | comm -13 - $STAGE_LOG/wrote)" ''
	unlike "who was refused was refused by nothing of the store" "$(cat $STAGE_LOG/kill.*)" 'code HOME'
	all_gone
	check "nothing is noted, once the sweep has run" poll 10 swept
}

check_uid_reused() {
	kept_config
	useradd -m -u 4711 -G students pia
	cp /etc/ssh/stage_keys /home/pia/ 2>/dev/null
	is "a user's home" "$(su pia -s /bin/bash -c 'cd; echo private >secret; cat secret' </dev/null)" private
	all_gone
	userdel -r pia 2>/dev/null
	useradd -m -u 4711 -G students tom
	log_mark
	is "another with the same number has an empty one" \
		"$(su tom -s /bin/bash -c 'cd; ls secret 2>&1 | grep -c "No such"' </dev/null)" 1
	like "the log tells where the old one is" "$(log_since 'moved aside')" "$STORE/orphans/"
	is "and it is there" "$(find $STORE/orphans -name secret | wc -l)" 1
	all_gone
	userdel -r tom 2>/dev/null
}

# Two accounts with one number: what the one's room shows is neither moved away beneath it nor shown to the other.
# keeps: store/entry R3
check_uid_shared() {
	kept_config
	useradd -m -u 4713 -G students una
	useradd -m -o -u 4713 -G students ulf
	su una -s /bin/bash -c 'cd; echo private >secret; echo in; read -r wait' < <(sleep 600) >$STAGE_LOG/una.out 2>&1 &
	local one=$!
	poll 10 grep -q in $STAGE_LOG/una.out
	log_mark
	is "the other does not get in meanwhile" "$(su ulf -s /bin/bash -c 'echo in' </dev/null 2>/dev/null)" ''
	like "the log says why" "$(log_since 'belongs to uid 4713')" 'in use, and not by this user.*"una"'
	is "and nothing is moved aside" "$(ls $STORE/orphans | grep -c 4713)" 0
	ctl kill una >/dev/null 2>&1
	wait $one
	all_gone
	is "the one has it again" "$(su una -s /bin/bash -c 'cd; cat secret' </dev/null)" private
	all_gone
	is "the other comes in when the one is out, to an empty one" \
		"$(su ulf -s /bin/bash -c 'cd; ls secret 2>&1 | grep -c "No such"' </dev/null)" 1
	all_gone
	userdel -r ulf 2>/dev/null
	userdel -r una 2>/dev/null
}

# A room of the store that was is no room of the one that is now.
# keeps: helper/lent R2
# What docs/mounts.md says of usermod -l, as it stands there.
check_renamed() {
	local entry
	kept_config
	useradd -m -u 4714 -G students eva
	is "a user's home" "$(su eva -s /bin/bash -c 'cd; echo private >secret; cat secret' </dev/null)" private
	all_gone
	entry=$(entry eva)
	usermod -l ida eva
	sed -i 's/^name=.*/name=ida/' "$entry/owner"
	log_mark
	is "by another name they have it still" "$(su ida -s /bin/bash -c 'cd /home/eva; cat secret' </dev/null)" private
	is "nothing is moved aside" "$(log_since 'moved aside')" ""
	all_gone
	is "and in the list by that name" "$(ctl home --json | json '[x["user"] for x in d if x["uid"] == 4714]')" "['ida']"
	userdel -r ida 2>/dev/null
}

# A record that a newer carrel has written is not ours to judge: no login, and nothing is moved.
check_other_version() {
	kept_config
	room ana 'echo kept >mine' >/dev/null
	all_gone
	sed -i 's/^owner=1$/owner=2/' "$(entry ana)/owner"
	log_mark
	like "no login" "$(room ana 'echo in' 2>/dev/null)" 'this login was refused .code HOME.'
	like "the log says why" "$(log_since 'another version')" 'owner record is of another version'
	check "it stays where it is" grep -qx owner=2 "$(entry ana)/owner"
	sed -i 's/^owner=2$/owner=1/' "$(entry ana)/owner"
	is "with all that is in it" "$(room ana 'cat mine')" kept
	all_gone
}

check_other_store() {
	kept_config
	hold one ana@room
	hold_ask one 'echo old >of-old' >/dev/null
	STORE=/srv/store2 kept_config
	hold two ana@room
	is "another store has another home" "$(hold_ask two 'ls of-old 2>/dev/null; echo new >of-new; cat of-new')" new
	kept_config
	hold three ana@room
	is "the old store's next room shows the old home" "$(hold_ask three 'cat of-old; ls of-new 2>/dev/null')" old
	STORE=/srv/store2 kept_config
	is "and the new one's next the new" "$(room ana 'ls of-old 2>/dev/null; cat of-new')" new
	hold_end three
	hold_end one
	hold_end two
	all_gone
	kept_config
	is "the old one is what it was" "$(room ana 'cat of-old; ls of-new 2>/dev/null')" old
	all_gone
}

# keeps: helper/parts/home R1
# A file system that takes no changes of an overlay is named.
check_store_on_overlay() {
	local store=$STORE
	mkdir -p /srv/strange/{low,up,work,store}
	mount -t overlay -o lowerdir=/srv/strange/low,upperdir=/srv/strange/up,workdir=/srv/strange/work strange /srv/strange/store
	STORE=/srv/strange/store/in
	kept_config
	log_mark
	like "no login" "$(room ana 'echo in' 2>/dev/null)" 'this login was refused .code HOME.'
	like "the log names the file system" "$(log_since 'takes no upper')" "the store $STORE is on an overlay, which takes no upper"
	umount -l /srv/strange/store
	STORE=$store
	kept_config
}

# keeps: store/store R2
check_store_not_mounted() {
	local fstab store=$STORE
	fstab=$(cat /etc/fstab 2>/dev/null)
	mkdir -m 0755 /srv/disk
	mkdir -m 0700 /srv/disk/store
	STORE=/srv/disk/store
	kept_config
	log_mark
	echo '/dev/disk/by-label/kept /srv/disk ext4 noauto 0 0' >>/etc/fstab
	like "nobody is given an empty home" "$(room ana 'echo in' 2>/dev/null)" 'this login was refused .code HOME.'
	like "the log says what is not mounted" "$(log_since fstab)" '/srv/disk, on which it lies by /etc/fstab, is not mounted'
	is "nor is anything made" "$(ls /srv/disk/store)" ""
	unlike "nothing is kept, says nobody" "$(ctl home 2>&1)" 'nothing is kept'
	mount -t tmpfs -o mode=0755 disk /srv/disk
	is "mounted, it is used" "$(room ana 'echo new >fresh; cat fresh')" new
	all_gone
	umount /srv/disk
	[ "$fstab" ] && echo "$fstab" >/etc/fstab || rm /etc/fstab
	rm -r /srv/disk
	STORE=$store
	kept_config
}

# What others may do in the home is in an upper that is new.
check_new_acl() {
	local bob
	bob=$(id -u bob)
	kept_config
	rm -rf "$(entry ana)"
	python3 "$STAGE_PY/acl.py" /home/ana access u::7 "u:$bob:5" g::0 m::5 o::0 2>/dev/null ||
		{ skip_here "ACLs" "the file system has none"; return; }
	room ana true
	all_gone
	is "the first upper has the home's ACL" "$(python3 "$STAGE_PY/acl.py" "$(entry ana)/data" list | grep -c '^up .*access')" 1
	python3 "$STAGE_PY/acl.py" /home/ana access
}

check_rehearsal() {
	kept_config
	rm -rf "$(entry ana)"
	like "a rehearsal works, and says that it had nothing of what is kept" "$(ctl rehearse ana)" \
		'^What is kept of the home was neither shown nor changed: this room had an empty one over it'
	like "where changes will be kept is explained" "$(ctl explain ana)" "^home +$STORE/home/$(id -u ana) .* they stay$"
	is "for programs, too" \
		"$(ctl explain ana --json | json '[(x["changes"], x["where"], x["size"], x["end"]) for x in d["kept"]]')" \
		"[('home', '$STORE/home/$(id -u ana)', None, 'they stay')]"
	refute "and makes nothing in the store" test -e "$(entry ana)"
	room ana 'echo mine >kept'
	all_gone
	find "$(entry ana)" -printf '%P %s %T@\n' | sort >$STAGE_LOG/before
	check "with a home that is there, too" ctl rehearse ana
	is "and changes nothing of it" "$(find "$(entry ana)" -printf '%P %s %T@\n' | sort | cmp - $STAGE_LOG/before)" ''
	all_gone
}

check_homeless() {
	kept_config
	useradd -u 4712 -G students -d /home/nowhere nora
	is "whose home is missing gets in" "$(su nora -s /bin/bash -c 'echo in' </dev/null)" in
	all_gone
	refute "and nothing is made for them" test -e $STORE/home/4712
	userdel nora 2>/dev/null
}

check_lowers() {
	local some='home = { mode = "overlay"; upper = "persistent"; quota = "none"; lower = [ "/srv/l1", "/srv/l2" ]; };'
	mkdir -p /srv/l1/d /srv/l2/d
	echo young >/srv/l1/both
	echo old >/srv/l2/both
	echo two >/srv/l2/only
	touch /srv/l1/d/a /srv/l2/d/b
	kept_config "$some" "$some"
	is "the youngest covers" "$(room dora 'cat both only; ls d')" $'young\ntwo\na\nb'
	is "what is beneath is shown" \
		"$(room dora 'echo x >both; cat /run/carrel/home/lower/both; ls /run/carrel/home/lower/d')" $'young\na\nb'
	like "read-only" "$(room dora 'touch /run/carrel/home/lower/x' 2>&1)" 'Read-only'
	ctl kill dora >/dev/null 2>&1
	all_gone
	kept_config "${PLAIN/false/true}" "${PLAIN/false/true}"
	is "of a real home, too" "$(room ana 'echo mine >seed; cat /run/carrel/home/lower/seed')" seed
	all_gone
}

list_used() { # of ana's; there are homes of other kinds beside it
	ctl home --json | json '[(x["form"], 0 < x["used"] < x["size"], x["files"] > 1000, x["snapshots"])
		for x in d if x["user"] == "ana" and x["used"] is not None]'
}

check_full() {
	local image='home = { mode = "overlay"; upper = "persistent"; size = "32M"; quota = "image"; wishes = false; };'
	rootimage_loops || { skip_here "homes in images" "no loop devices"; return; }
	command -v mkfs.ext4 >/dev/null || { skip_here "homes in images" "no mkfs.ext4"; return; }
	rm -rf "$(entry ana)"
	kept_config "$image"
	like "a full one gives ENOSPC" "$(room ana 'echo before >kept; dd if=/dev/zero of=fill bs=1M count=64 2>&1')" 'No space|quota'
	all_gone
	is "the next login works" "$(room ana 'cat kept; ls fill')" $'before\nfill'
	all_gone
	is "and can make room" "$(room ana 'rm fill && echo after >kept && cat kept')" after
	all_gone
	room ana 'mkdir many; cd many; i=0; while : >$i; do i=$((i+1)); done' >/dev/null 2>&1
	all_gone
	poll 10 eval '[ "$(list_used)" != "[]" ]' # the image is looked into once the last room has let go of it
	is "the list has what is used" "$(list_used)" "[('image', True, True, 0)]"
	is "so it is with inodes" "$(room ana 'cat kept; rm -rf many && touch x && echo ok')" $'after\nok'
	all_gone
	check "no loop device is left" poll 10 loops_gone "$STORE"
}

# A disk of the store's that is full to the last block keeps nobody out who has been in.
# keeps: store/lower R1
check_full_disk() {
	mkdir -p /srv/small
	mount -t tmpfs -o size=256k,mode=0755 small /srv/small
	STORE=/srv/small/store kept_config
	room ana 'echo before >kept'
	all_gone
	dd if=/dev/zero of=/srv/small/fill bs=4k count=100 2>/dev/null
	is "the store's disk is full" "$(df --output=avail /srv/small | tail -n 1 | tr -d ' ')" 0
	is "who has a home there gets in" "$(room ana 'cat kept; rm kept && echo removed')" $'before\nremoved'
	all_gone
	umount -l /srv/small
}

check_share_and_linger() {
	kept_config "$PLAIN" "$PLAIN linger = \"1h\";"
	room dora 'echo one >kept'
	is "the room that waits has it" "$(room dora 'cat kept; echo two >kept')" one
	is "it is noted" "$(holders)" 1
	ctl kill dora >/dev/null 2>&1
	all_gone
	is "and after its end" "$(room dora 'cat kept')" two
	ctl kill dora >/dev/null 2>&1
	all_gone
}

host_start
[ -z "${SHOW_LOG-}" ] || trap "cat $STAGE_LOG/syslog | tail -40 >&2" EXIT
rm -rf $STORE
echo seed >/home/ana/seed
chown ana /home/ana/seed
run_cases "$@" -- check_kept check_doors check_like_real check_two_rooms check_other_policy check_wrong_note check_race \
	check_killed check_kill_race check_mounted_unclaimed check_uid_reused check_uid_shared check_renamed check_other_version \
	check_other_store check_store_on_overlay check_store_not_mounted check_new_acl \
	check_rehearsal check_homeless check_lowers check_full \
	check_full_disk check_share_and_linger
tap_done
