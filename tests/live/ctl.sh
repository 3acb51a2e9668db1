#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl, as an administrator uses it: on live logins, on the configuration, on PAM stacks.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

. "$(dirname "$0")/../lib/ctl.sh"

check_usage() {
	is "no command: usage" "$(status ctl)" 2
	is "an unknown command" "$(status ctl frobnicate)" 2
	is "an unknown option" "$(status ctl list --frob)" 2
	like "with the one that was meant" "$(ctl chekc 2>&1)" 'no command "chekc" \(did you mean "check"\?\)'
	like "of options, too" "$(ctl check --no-reherse=1 2>&1)" 'did you mean --no-rehearse\?'
	is "nothing is guessed from far away" "$(ctl frobnicate 2>&1 | grep -c 'did you mean')" 0
	is "too few words" "$(status ctl show)" 2
	is "--json where there is no table" "$(status ctl kill ana --json)" 2
	like "help" "$(ctl --help)" '^  explain'
	for command in $(ctl --help | sed -n 's/^  \([a-z-]*[a-z]\) .*/\1/p'); do
		like "help of $command" "$(ctl "$command" --help)" "^usage: carrelctl $command"
		like "carrelctl(8) has $command" "$(grep "^\.It Cm $command" "$STAGE/data/carrelctl.8")" "$command"
	done
	is "and help tells the same" "$(ctl help explain)" "$(ctl explain --help)"
	like "a question stays one" "$(ctl help is-enabled)" 'as it should be\?$'
	like "of two commands with the same actions each has its examples" "$(ctl help root diff)" '^  carrelctl root alice diff$'
	refute "what roots refuse is not among their actions" eval "ctl help root | grep -E '^  (commit|import) '"
	like "homes have it" "$(ctl help home)" '^  commit '
	like "who asks for it reads that it is refused" "$(ctl help root commit)" '^refused, '
	is "of a command that there is" "$(status ctl help frobnicate)" 2
	is "a full disk is told" "$(ctl --help >/dev/full 2>/dev/null; echo $?)" 3
}

unprivileged() {
	setpriv --reuid 1001 --regid 65534 --clear-groups "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --state "$STATE_DIR" \
		--pam-dir "$STAGE/pam.test" "$@" 2>&1
}

# What cannot be found out is told as that, and not as an answer.
check_without_root() {
	local command
	mkdir -p "$STAGE/pam.test"
	for command in list top why reload "show ana" "kill ana" "freeze ana" "thaw ana" "enter ana" "wall hello" drain "drain --status" \
		"rehearse ana" assess; do
		is "only root: $command" "$(unprivileged $command)" \
			"carrelctl ${command%% *}: only root can do that: rooms are root's to look at and to make"
		is "status 3" "$(status unprivileged $command)" 3
	done
	check "check tells what it could not look at" eval "unprivileged check --json | grep -q 'not asked by root: no rooms were made'"
	refute "which root is not told" eval "ctl check --json | grep -q 'not asked by root'"
	is "what is not there has no line to mend" \
		"$(ctl --config "$STAGE/none.conf" check --no-rehearse --json | json 'd[0]["mend"]')" \
		'mend the file, or put one there: no login gets in'
	check "explain answers" unprivileged explain ana
	check "and so does help" unprivileged rehearse --help
	is "help names what a command takes" \
		"$(for command in check enable disable; do ctl $command --help; done | grep -c -- '--pam-dir DIR')" 3
	printf 'rules = ( { policy = "admin"; } ); data_dir = "%s"; policies = { };' "$STAGE/data" >"$STAGE/free.conf"
	is "one warning is one" "$(ctl --config "$STAGE/free.conf" check --no-rehearse | tail -n 1 | cut -d , -f 1,2)" '0 errors, 1 warning'
}

check_list() {
	is "nobody is in" "$(ctl list --json | json 'len(d)')" 0
	hold one ana@room
	hold two bob@room
	hold three bob@room
	is "three logins" "$(ctl list --json | json 'len(d)')" 3
	is "users and policies" "$(ctl list --json | json 'sorted((x["user"], x["policy"], x["service"]) for x in d)')" \
		"[('ana', 'student', 'sshd'), ('bob', 'staff', 'sshd'), ('bob', 'staff', 'sshd')]"
	is "from where, and open" "$(ctl list --json | json '{(x["from"], x["state"]) for x in d}')" "{('127.0.0.1', 'open')}"
	is "all that is to be known" "$(ctl list --json | json '" ".join(d[0])')" \
		"id room user policy service from tty since processes memory cpu io state until sent received sent_packets received_packets"
	is "bob's share a room" "$(ctl list bob --json | json 'len({x["room"] for x in d})')" 1
	like "the table has titles" "$(ctl list | head -n 1)" '^ID +ROOM +USER +POLICY'
	like "and a line a login" "$(ctl list ana)" ' ana +student '
	is "one who is not in" "$(status ctl list cara)" 1
	hold_ask one 'sleep 500 & sleep 501 & true' >/dev/null
	# One of them is sshd's, which hides itself from the user.
	is "processes are those of the room" "$(ctl show ana --json | json 'd["processes"]')" \
		"$(hold_ask one 'set -- /proc/[0-9]*; echo $(($# + 1))')"
	like "show tells it all" "$(ctl show ana)" '^Supervisor: +[0-9]+'
	like "io, too" "$(ctl show ana)" '^Io: '
	is "show nobody" "$(status ctl show cara)" 1
	HOLD_LIMIT=60 hold_ask two 'python3 -c "import time
while time.process_time() < 3: pass"' >/dev/null # of a processor, however many want it: what a login itself takes is much less
	is "cpu is the login's own" "$(ctl list bob --json | json 'max(x["cpu"] for x in d) > 2500000 > min(x["cpu"] for x in d)')" True
}

check_freeze() {
	hold_ask two 'while :; do date +%s%N >/tmp/beat; sleep 0.02; done & echo' >/dev/null
	ctl freeze bob >/dev/null
	is "freeze: done" $? 0
	is "list says so" "$(ctl list bob --json | json '{x["state"] for x in d}')" "{'frozen'}"
	local beat pid
	pid=$(ctl show bob --json | head -n 1 | json 'd["init"]')
	beat=$(cat "/proc/$pid/root/tmp/beat")
	sleep 0.3
	is "nothing runs in it" "$(cat "/proc/$pid/root/tmp/beat")" "$beat"
	is "others go on" "$(hold_ask one 'echo alive')" alive
	ctl thaw bob >/dev/null
	is "thaw: done" $? 0
	is "and it goes on" "$(hold_ask two 'echo alive')" alive
	check "with all that ran" poll 5 eval '[ "$(cat "/proc/'$pid'/root/tmp/beat")" != "'$beat'" ]'
	is "freeze nobody" "$(status ctl freeze cara)" 1
}

check_kill() {
	local room
	room=$(ctl list ana --json | json 'd[0]["room"]')
	is "kill by room" "$(ctl kill "$room")" "room $room ended"
	check "all of it is gone" poll 5 user_gone ana
	is "others stay" "$(hold_ask two 'echo alive')" alive
	ctl freeze bob >/dev/null
	ctl kill bob >/dev/null
	is "a frozen room is killed, too" $? 0
	check "with both logins" poll 5 user_gone bob
	is "kill nobody" "$(status ctl kill ana)" 1
	for h in one two three; do hold_end $h 2>/dev/null; done
	poll 10 rooms_gone
	is "list is empty" "$(ctl list --json | json 'len(d)')" 0
}

# A killed supervisor leaves a record: it is no login.
check_stale() {
	hold one ana@room
	mkdir -p "$STAGE/stale/rooms"
	check "the room is on record" poll 10 compgen -G "$STATE_DIR/rooms/*.room"
	sed 's/^supervisor=.*/supervisor=1 1/; s/ user=ana/ user=%1B[2Jana/' "$STATE_DIR"/rooms/*.room >"$STAGE/stale/rooms/x.room"
	is "a stale record is known as such" "$(ctl --state "$STAGE/stale" list --json | json 'd[0]["state"]')" stale
	is "and not measured: its processes may be another's" \
		"$(ctl --state "$STAGE/stale" list --json | json '[d[0][x] for x in ("processes", "cpu", "memory", "io")]')" \
		'[None, None, None, None]'
	like "what to do is told, beside the table" "$(ctl --state "$STAGE/stale" list 2>&1 >/dev/null)" 'carrel-helper --sweep removes'
	is "a name cannot act on the terminal" "$(ctl --state "$STAGE/stale" list | grep -c $'\033')" 0
	like "but is shown" "$(ctl --state "$STAGE/stale" list)" '\\x1b\[2Jana'
	is "nor can it be killed" "$(status ctl --state "$STAGE/stale" kill ana)" 1
	head -c 3000 /dev/urandom >"$STAGE/stale/rooms/y.room"
	is "a file that is no record does no harm" "$(ctl --state "$STAGE/stale" list --json | json 'len(d)')" 1
	hold_end one
}

# Rooms whose cgroups are not where they usually are, and a configuration that no longer says where.
check_cgroup_root() {
	local top=$STAGE/cgroups pids
	mkdir "$top"
	mount --bind "$(cgroup_root)" "$top"
	mkdir "$top/part"
	host_config "cgroup = { manager = \"cgroupfs\"; root = \"$top/part\"; };"
	hold one bob@room
	check "cgroups beneath cgroup.root" test -d "$top/part/carrel.slice"
	host_config
	is "list reads them" "$(ctl list bob --json | json 'd[0]["cpu"] > 0')" True
	like "reload does not make others" "$(ctl reload 2>&1)" 'cgroup.root has changed: that needs a new login'
	ctl freeze bob >/dev/null
	is "freeze finds them" "$(ctl list bob --json | json 'd[0]["state"]')" frozen
	ctl thaw bob >/dev/null
	pids=$(ctl show bob --json | json '"%d %d" % (d["init"], d["supervisor"])')
	kill -STOP "${pids% *}"
	kill -KILL "${pids#* }"
	kill -KILL "${pids% *}"
	hold_end one 2>/dev/null
	check "all of it has died without a word" poll 10 eval 'user_gone bob && [ ! -d "/proc/'"${pids#* }"'" ] &&
		[ -z "$(cat "$STAGE"/cgroups/part/carrel.slice/user-*/login-*/cgroup.procs)" ]'
	check "the cgroup is left" test -d "$top/part/carrel.slice"
	# What has just died keeps its cgroup busy for a moment, and the sweep does not wait.
	check "the sweep finds it" poll 10 eval '"$STAGE_LIB/carrel-helper" --sweep --state "$STATE_DIR" &&
		[ ! -d "$top/part/carrel.slice" ]'
	rmdir "$top/part"
	umount "$top"
	rmdir "$top"
}

explained() { # EXPRESSION on the values v of ana, by key
	ctl explain ana --json | python3 -c "import json,sys; v={x['key']: x for x in json.load(sys.stdin)['values']}; print($1)"
}

# Without a PID namespace of its own a room's processes are those of its cgroup.
check_bare_room() {
	local counted
	sed -i '0,/"mount", "pid", /s//"mount", /' /etc/carrel/carrel.conf
	hold four cara@room
	check "a room without PID namespace is in" poll 10 eval 'ctl list cara >/dev/null'
	hold_ask four 'sleep 500 >/dev/null 2>&1 & sleep 501 >/dev/null 2>&1 & true' >/dev/null
	counted=$(wc -l <"$(cgroup_root)/$(ctl show cara --json | json 'd["cgroup"] + "/login-" + d["id"]')/cgroup.procs")
	check "its processes are counted" test "${counted:-0}" -gt 3
	is "those in its cgroup" "$(ctl show cara --json | json 'd["processes"]')" "$counted"
	hold_ask four 'kill $(jobs -p)' >/dev/null
	hold_end four
	host_config
}

check_explain() {
	local text
	like "for whom, by what, from where and when" "$(ctl explain bob --pam-dir /etc/pam.d | head -n 1)" \
		'^For bob \(uid [0-9]+\), service sshd, local, tty ssh, [A-Z][a-z][a-z] 20[0-9-]+ [0-9:]+ \(now\):$'
	rest='tty tty1, Sat 2027-05-01 23:30'
	like "as it was asked" "$(ctl explain bob --service nosuch --rhost 10.0.0 --tty tty1 --time '2027-05-01 23:30' | head -n 1)" \
		'service nosuch \(which has no file for PAM\), from 10.0.0 \(a name: no address in a rule is like it\), '"$rest"':$'
	sed -i 's|^rules = (|rules = ( { user = "bob"; time = "Sat 22:00-06:00"; policy = "lab"; },|' /etc/carrel/carrel.conf
	is "what holds on Saturday night" "$(ctl explain bob --time 'Sat 23:00' --json |
		json '(d["login"]["policy"], d["login"]["time"][11:16])') $(ctl explain bob --time 'Mon 23:00' --json |
		json 'd["login"]["policy"]')" "('lab', '23:00') staff"
	like "and would it work" "$(ctl rehearse bob --time 'Sat 23:00')" '^policy lab:'
	is "a time that is none" "$(status ctl explain bob --time tomorrow)" 2
	host_config
	like "the rules before do not match" "$(ctl explain bob)" '^ +1 +student .*no: group "students"$'
	like "the one that decides" "$(ctl explain bob)" '^ +2 +staff .*matches$'
	like "and those behind it" "$(ctl explain bob)" '^ +3 +lab .*not asked: rule 2 decides$'
	answers="(1, 'no: group \"students\"'), (2, 'matches'), (3, 'not asked: rule 2 decides')"
	is "JSON is one object" \
		"$(ctl explain bob --json |
		json '(list(d), d["login"]["policy"], d["login"]["exempt"], [(x["rule"], x["answer"]) for x in d["rules"]])')" \
		"(['login', 'rules', 'host', 'kept', 'ports', 'devices', 'values'], 'staff', None, [$answers])"
	is "who is meant" \
		"$(ctl explain ana --service cron --rhost 192.0.2.7 --tty tty1 --json |
		json '[d["login"][k] for k in ("user", "uid", "gid", "service", "rhost", "tty")]')" \
		"['ana', $(id -u ana), $(id -g ana), 'cron', '192.0.2.7', 'tty1']"
	is "a value and its line" "$(explained '[v["home.size"][k] for k in ("value", "policy", "line")]')" \
		"['\"64M\"', 'student', $(grep -n 'size = "64M"' /etc/carrel/carrel.conf | head -n 1 | cut -d: -f1)]"
	is "a default" "$(explained 'v["ptys"]["policy"]')" '(default)'
	is "a template as it comes out" "$(explained 'v["hostname"]["value"]')" '"ana-room"'
	like "what differs from another" "$(ctl explain ana --diff staff)" '^hostname +"ana-room" +"ana-desk"'
	like "with their names as titles" "$(ctl explain ana --diff staff)" '^KEY +student +staff'
	is "the same for programs" \
		"$(ctl explain ana --diff staff --json |
		json '[(x["own"], x["other"]) for x in d["difference"] if x["key"] == "limits.tasks"]')" "[('256', '1024')]"
	is "no difference from itself" "$(ctl explain ana --diff student --json | json 'd["difference"]')" '[]'
	is "who has no rule" "$(status ctl explain gus)" 1
	like "and why" "$(ctl explain gus 2>&1)" 'no rule matches: the login is refused'
	is "for programs, too" "$(ctl explain gus --json 2>/dev/null | json '(d["login"]["policy"], len(d["rules"]), d["values"])')" \
		"(None, 3, [])"
	is "who is not there" "$(status ctl explain nobody-at-all)" 1
	touch /etc/carrel/off
	like "switched off: it says so first" "$(ctl explain bob | head -n 1)" \
		'^carrel is switched off by /etc/carrel/off: every login passes without a room. Without that file:$'
	like "and what would be" "$(ctl explain bob)" '^ +2 +staff .*matches$'
	like "for programs, too" "$(ctl explain bob --json | json 'd["login"]["policy"] + " " + d["login"]["exempt"]')" \
		'^staff carrel is switched off'
	is "then nobody is refused" "$(status ctl explain gus)" 0
	chmod 666 /etc/carrel/off
	is "a file that others may write switches nothing off" \
		"$(ctl explain bob 2>/dev/null | grep -c 'switched off')$(status ctl explain gus)" 01
	like "which is said" "$(ctl explain bob 2>&1)" '/etc/carrel/off does not count'
	like "by check, too" "$(ctl check --no-rehearse 2>&1)" '/etc/carrel/off does not count'
	rm /etc/carrel/off
	like "root is exempt" "$(ctl explain root)" 'exempt'
	like "break-glass, too" "$(ctl explain bea)" 'carrel-break-glass'
	like "for programs, too" "$(ctl explain bea --json | json 'd["login"]["exempt"]')" 'carrel-break-glass'
	sed -i 's/tasks = 256/tasks = "many"/' /etc/carrel/carrel.conf
	like "an error names its place" "$(ctl explain ana 2>&1)" '/etc/carrel/carrel.conf:[0-9]+: limits.tasks: found "many"'
	is "and its status" "$(status ctl explain ana)" 3
	is "and no half of an answer" "$(ctl explain ana --json 2>/dev/null)" ''
	host_config
	sed -i 's/home = { mode = "overlay";/root = { bind = ( { source = "\/no\/such\/%u"; target = "\/mnt\/x"; } ); }; &/' \
		/etc/carrel/carrel.conf
	is "what this host has not" \
		"$(ctl explain ana --json | json '[(x["lacks"], x["outcome"]) for x in d["host"] if x["key"] == "root.bind"]')" \
		"[('names /no/such/ana, which is not there', 'the login is refused')]"
	like "for people" "$(ctl explain ana)" '^root.bind +names /no/such/ana, which is not there +the login is refused'
	host_config
	sed -i 's/^policies = {/policies = { weak = { inherit = "strict"; root = { hide_add = [ "\/a" ]; run_add = [ "\/run\/a" ]; }; };/
		s/{ group = "students"; policy = "student"; }/{ group = "students"; policy = "weak"; }/' /etc/carrel/carrel.conf
	shipped=$STAGE/data/policies
	is "a list, and what it extends" "$(explained '(v["root.hide"]["policy"], v["root.hide"]["extends"])')" \
		"('weak', 'strict $shipped/strict.conf:$(grep -n hide_add "$shipped/strict.conf" | cut -d: -f1), shared \
$shipped/shared.conf:$(grep -n 'hide = ' "$shipped/shared.conf" | cut -d: -f1)')"
	is "or the default" "$(explained 'v["root.run"]["extends"]')" '(default)'
	like "for people" "$(ctl explain ana)" '^root.run +\(default\)$'
	host_config
	text=$(ctl explain ana --pam-dir /etc/pam.d; ctl explain ana --json)
	is "the answer is the one that is known" "$(explain_plain <<<"$text" | diff - "$STAGE/tests/golden/explain.want")" ''
	is "with a line for each key, the defaults too" "$(awk '/^KEY +POLICY/{on=1; next} /^{/{exit} on && NF{print $1}' <<<"$text")" \
		"$(ctl explain ana --json | json '"\n".join(x["key"] for x in d["values"])')"
	is "of which there are many" "$((30 < $(grep -c '"policy":"(default)"' <<<"$text")))" 1
}

# Numbers of users, and what the kernel lacks, differ from host to host. Defaults are told elsewhere (tests/unit/policy).
explain_plain() {
	sed -E 's/"uid":[0-9]+,"gid":[0-9]+/"uid":U,"gid":G/; /^This host:$/,/^$/d
		s/, [A-Z][a-z]{2} 20[0-9-]+ [0-9:]+ \(now\):$/, NOW:/
		s/"time":"[^"]*"/"time":T/; s/\(uid [0-9]+\)/(uid U)/; /^\{"key":"[a-z.]+","lacks":/d
		/ \(default\) +- +- /d; /"policy":"\(default\)"/d; s/ +$//'
}

found() { # REGEX on the findings
	ctl check --no-rehearse --json | json '"\n".join(" ".join([x["level"], str(x["line"]), x["finding"]]) for x in d)' | grep -E -- "$1"
}

# What a host without controllers can show; limits that change are in the guest.
check_reload() {
	is "no room, nothing to do" "$(ctl reload --json | json 'len(d)')" 0
	hold two bob@room
	is "a room of bob's" "$(ctl reload --json | json '[(x["user"], x["policy"], x["reloaded"]) for x in d]')" \
		"[('bob', 'staff', 'limits')]"
	is "nothing else has changed" "$(ctl reload --json | json '[x["new_login_for"] for x in d]')" "['']"
	sed -i 's/"%u-desk"/"%u-chair"/; s/memory = "1G"; tasks = 1024/memory = "2G"; tasks = 512; oom_score_adj = 5/' \
		/etc/carrel/carrel.conf
	is "what a reload cannot change is named" "$(ctl reload --json | json '[x["new_login_for"] for x in d]')" \
		"['hostname, limits.oom_score_adj']"
	host_config
	sed -i 's/limits = { memory = "1G"/budgets = "x"; &/' /etc/carrel/carrel.conf
	is "with an error nothing is done" "$(status ctl reload)" 3
	host_config 'budgets = { all = { tasks = 99; }; };'
	sed -i 's/limits = { memory = "1G"/limits = { budget = "all"; memory = "1G"/' /etc/carrel/carrel.conf
	like "another budget needs a new login" "$(ctl reload)" 'bob +staff +limits.budget has changed'
	is "and that is a no" "$(status ctl reload)" 1
	hold_end two
	host_config
}

check_pam_and_sshd() {
	local dir=$STAGE/pam.test
	mkdir -p "$dir"
	printf 'auth required pam_permit.so\nsession required pam_permit.so\n' >"$dir/atd"
	check "nothing is wired" found 'warning None no service uses carrel'
	is "enable --shell without a name says what is missing" "$(ctl enable --shell 2>&1 | grep -c -- '--shell USER|GROUP|@GROUP')" 1
	ctl enable atd >/dev/null
	refute "a good stack is none" found 'this session line|its control|more than once|brings in'
	printf 'session optional pam_carrel.so open\nsession required pam_permit.so\n' >"$dir/bad"
	check "optional" found 'error 1 its control lets a login go on'
	check "the order" found 'error 2 this session line comes behind'
	check "no close" found 'error 1 carrel opens but never closes'
	is "errors: no" "$(status ctl check)" 1
	rm "$dir/bad"
	printf 'session optional pam_carrel.so close\nsession required pam_unix.so\nsession requisite pam_carrel.so open\n' \
		>"$dir/common-session"
	printf 'auth required pam_permit.so\n@include common-session\nsession optional pam_motd.so\n' >"$dir/other"
	printf 'session include common-session\n' >"$dir/third"
	check "carrel by @include" found 'error 2 this line brings in carrel, which is in .*/common-session'
	check "and by include" found 'error 1 this line brings in carrel'
	check "with the order that comes of it" found 'error 3 this session line comes behind carrel.s open, which .*/common-session'
	rm "$dir/common-session" "$dir/other" "$dir/third"
	printf 'auth required pam_permit.so\nsession required pam_permit.so\n' >"$dir/su"
	check "su without carrel is a door" found 'warning 2 a door without carrel: those who become another user'
	ctl enable su >/dev/null
	refute "with carrel it is none" found 'a door without carrel: those who'
	printf 'session required pam_env.so user_readenv=1\n' >"$dir/su"
	check "without, it is one again" found 'warning 1 a door without carrel: those who'
	refute "and what it reads in a home does not matter" found 'pam_env'
	ctl enable su >/dev/null
	check "with, it does" found 'warning 2 pam_env reads ~/.pam_environment'
	printf 'rules = ( { policy = "admin"; } ); data_dir = "%s"; policies = { };' "$STAGE/data" >"$STAGE/free.conf"
	is "where nobody is isolated there is no door" \
		"$(ctl --config "$STAGE/free.conf" check --json |
		json '[x["finding"] for x in d if "pam_env" in x["finding"] or "a door" in x["finding"]]')" '[]'
	rm "$dir/su" "$STAGE/free.conf"
	cp "$dir/atd" "$dir/sshd"
	mkdir -p /etc/ssh/sshd_config.d
	printf 'Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\nMatch User x\n  UsePAM yes\n' >/etc/ssh/sshd_config
	rm -f /etc/ssh/sshd_config.d/*
	check "sshd without PAM, since nobody says so" found 'error None UsePAM is not set'
	printf 'UsePAM no\n' >/etc/ssh/sshd_config.d/a.conf
	check "and since somebody says no" found 'error 1 UsePAM is not yes'
	printf '# x\nUSEPAM=yes\nUseDNS yes\n' >/etc/ssh/sshd_config.d/a.conf
	refute "with PAM it is quiet" found 'UsePAM|UseDNS'
	printf 'UsePAM yes\nPAMServiceName door\n' >/etc/ssh/sshd_config.d/a.conf
	check "sshd asks a service that is not there" found 'error 2 PAMServiceName door: sshd asks .*/door, where carrel is not'
	printf 'session required pam_permit.so\n' >"$dir/door"
	check "and one without carrel" found 'error 2 PAMServiceName door: sshd asks .*/door, where carrel is not'
	ctl disable sshd >/dev/null
	refute "sshd's own lines are not put in then" ctl enable sshd --no-rehearse
	printf 'rules = ( { service = "door"; policy = "strict"; }, { policy = "dev"; } ); data_dir = "%s";' "$STAGE/data" \
		>"$STAGE/door.conf"
	like "its name is that of who comes by ssh" "$(ctl --config "$STAGE/door.conf" explain ana)" ' strict .* matches$'
	ctl enable door --no-rehearse >/dev/null
	refute "with carrel there it is quiet" found 'PAMServiceName'
	refute "as about its rules" found 'UsePAM'
	printf 'UsePAM no\nPAMServiceName door\n' >/etc/ssh/sshd_config.d/a.conf
	check "sshd without PAM, which would have asked that service" found 'error 1 UsePAM is not yes'
	printf 'UsePAM yes\nPAMServiceName door\nMatch User ana\nPAMServiceName atd\nMatch User bob\nPAMServiceName back\n' \
		>/etc/ssh/sshd_config.d/a.conf
	check "for some of its users another" found \
		'warning 6 PAMServiceName back: for whom Match User bob is, sshd asks .*/back, where carrel is not'
	refute "which does not matter where carrel is in that one" found 'PAMServiceName atd'
	printf '# x\nUSEPAM=yes\nUseDNS yes\n' >/etc/ssh/sshd_config.d/a.conf
	rm "$dir/door" "$STAGE/door.conf"
	cp "$dir/atd" "$dir/sshd"
	sed -i 's/{ group = "staff"; policy/{ group = "staff"; rhost = "192.0.2.0\/24"; policy/' /etc/carrel/carrel.conf
	check "names where a rule wants addresses" found 'warning 3 sshd tells names instead of addresses'
	rm "$dir/sshd"
	host_config
}

# Asked for systemd by the helper; which is asked itself only about root, since it knows an installed carrelctl only.
# keeps: ctl/conf/may_manager R1, helper/parts/may_have_manager R1
check_may_have_manager() {
	local dir=$STAGE/pam.test ana
	ana=$(id -u ana)
	mkdir -p "$dir"
	printf 'session required pam_permit.so\n' >"$dir/sshd"
	like "a manager for everybody where no service has carrel" "$(ctl may-have-manager "$ana")" 'may have .*no PAM service'
	ctl enable sshd >/dev/null
	is "none for whom a rule isolates" "$(status ctl may-have-manager "$ana")" 1
	like "and why" "$(ctl may-have-manager "$ana")" 'policy student, which /etc/carrel/carrel.conf:[0-9]+ can give them, isolates'
	is "none for whom no rule is" "$(status ctl may-have-manager "$(id -u gus)")" 1
	is "break-glass has one" "$(status ctl may-have-manager "$(id -u bea)")" 0
	is "root, too" "$(status ctl may-have-manager 0) $(status "$STAGE_LIB/carrel-helper" --may-have-manager 0)" "0 0"
	is "nobody is not there: none" "$(status ctl may-have-manager 54321)" 3
	like "and which uid that was" "$(ctl may-have-manager 54321 2>&1)" 'no user has uid 54321'
	is "what is no number: none" "$(status ctl may-have-manager ana) $(status "$STAGE_LIB/carrel-helper" --may-have-manager 0x)" "2 1"
	add_rules '{ user = "ana"; policy = "admin"; },'
	is "one for whom his rule isolates nothing" "$(status ctl may-have-manager "$ana")" 0
	echo "ana2:x:$ana:$(id -g ana)::/home/ana:/bin/sh" >>/etc/passwd
	is "none when another name of his number is isolated" "$(status ctl may-have-manager "$ana")" 1
	sed -i '/^ana2:/d' /etc/passwd
	add_rules '{ user = "ana"; service = "sshd"; policy = "admin"; },'
	is "none when another rule may be his" "$(status ctl may-have-manager "$ana")" 1
	touch /etc/carrel/off
	is "switched off: one" "$(status ctl may-have-manager "$ana")" 0
	chmod 666 /etc/carrel/off
	is "but not by a file that others may write" "$(status ctl may-have-manager "$ana")" 1
	rm /etc/carrel/off
	echo 'broken' >/etc/carrel/carrel.conf
	is "a configuration that cannot be read: none" "$(status ctl may-have-manager "$ana")" 3
	is "but for the exempt" "$(status ctl may-have-manager "$(id -u bea)")" 0
	host_config
	sed -i 's/pam_carrel.so open/& break_glass=guests/' "$dir/sshd"
	is "break-glass is who is in the group that the PAM line names" "$(status ctl may-have-manager "$(id -u gus)")" 0
	is "and no longer who is in the usual one" "$(status ctl may-have-manager "$(id -u bea)")" 1
	printf 'session required pam_permit.so\n' >"$dir/su"
	ctl enable su >/dev/null
	is "by another service he has a room: no manager" "$(status ctl may-have-manager "$(id -u gus)")" 1
	sed -i 's/pam_carrel.so open/& break_glass=guests/' "$dir/su"
	is "but one when both name his group" "$(status ctl may-have-manager "$(id -u gus)")" 0
	rm -r "$dir"
}

# systemd is not here: what it and logind would answer is said in their place, and a user's manager has its cgroup.
check_managers() {
	local dir=$STAGE/pam.test slice answer=$STAGE/answer asks
	slice=$(cgroup_root)/user.slice/user-$(id -u ana).slice
	asks='ExecCondition={ path=/usr/libexec/carrel/carrel-helper ; argv[]=/usr/libexec/carrel/carrel-helper'
	asks+=' --may-have-manager 1 ; ignore_errors=no ; }'
	mkdir -p "$dir"
	cat >"$STAGE/systemctl" <<-END
		#!/bin/sh
		echo LoadState=loaded
		cat "$answer.\$3" 2>/dev/null || cat "$answer"
	END
	printf '#!/bin/sh\necho b true\n' >"$STAGE/busctl"
	chmod 755 "$STAGE/systemctl" "$STAGE/busctl"
	: >"$answer"
	if ! mount --bind "$STAGE/systemctl" /usr/bin/systemctl || ! mount --bind "$STAGE/busctl" /usr/bin/busctl; then
		skip "service managers of users" "no systemctl and busctl to stand in for"
		! mountpoint -q /usr/bin/systemctl || umount /usr/bin/systemctl
		return
	fi
	mkdir -p /run/systemd/system /var/lib/systemd
	printf 'session required pam_permit.so\n' >"$dir/sshd"
	refute "where carrel is in no service, systemd need not ask" found 'service manager'
	is "which enable does not leave so" "$(status ctl enable --no-rehearse sshd)" 1
	refute "nor has it written" grep -q pam_carrel "$dir/sshd"
	ctl enable --no-rehearse --force sshd >/dev/null 2>&1
	check "systemd that does not ask is an error" found '^error None systemd does not ask carrel'
	echo "$asks" >"$answer"
	refute "when it asks it is none" found 'systemd does not'
	mkdir "/run/systemd/system/user@$(id -u ana).service.d" "/run/systemd/system/user@$(id -u bea).service.d"
	: >"$answer.user@$(id -u ana).service"
	check "nor may it pass one user over" found '^error None systemd does not ask carrel'
	cp "$answer.user@$(id -u ana).service" "$answer.user@$(id -u bea).service"
	rm "$answer.user@$(id -u ana).service"
	refute "but one who is exempt" found 'systemd does not'
	printf '#!/bin/sh\nexit 1\n' >"$STAGE/systemctl"
	check "systemd that does not answer is an error" found '^error None systemd does not tell'
	printf '#!/bin/sh\necho LoadState=masked\n' >"$STAGE/systemctl"
	refute "a unit that is masked is none" found 'service manager'
	mkdir -p "$slice/user@$(id -u ana).service"
	check "a manager that runs is an error" found "^error None the service manager of uid $(id -u ana) runs outside"
	add_rules '{ user = "ana"; policy = "admin"; },'
	refute "not for whom nothing is isolated" found 'the service manager of uid'
	host_config
	rmdir "$slice/user@$(id -u ana).service" "$slice" "${slice%/*}"
	check "logind that kills what is kept is told" found '^warning [0-9]+ policy lab has on_close = "keep", and logind kills'
	printf '#!/bin/sh\necho b false\n' >"$STAGE/busctl"
	refute "one that does not is not" found 'logind kills'
	umount /usr/bin/systemctl /usr/bin/busctl
	rm -r /run/systemd/system "$dir" "$answer"*
}

add_policy() { # TEXT of a policy "weak" that inherits from student
	host_config
	sed -i "s|^policies = {|policies = { weak = { inherit = \"student\"; $1 };|" /etc/carrel/carrel.conf
}

add_rules() { # TEXT before the others
	host_config
	sed -i "s|^rules = (|rules = ( $1|" /etc/carrel/carrel.conf
}

check_rules() {
	add_rules '{ group = "no-such-group"; policy = "lab"; }, { not_user = "x"; policy = "lab"; },'
	check "a group that is not there" found 'no group "no-such-group"'
	refute "what is reached is not told" found 'never reached'
	add_rules '{ policy = "lab"; },'
	check "a rule that is never reached" found 'never reached'
	add_rules '{ uid = "1000-1999"; rhost = "192.0.2.0/24"; policy = "lab"; }, { uid = 1500; rhost = "192.0.2.7"; policy = "lab"; },'
	check "nor one within a range and a network" found 'never reached'
	add_rules '{ user = [ "ana", "bob" ]; not_user = [ "bob", "ana" ]; policy = "lab"; },'
	check "a rule for nobody" found 'this rule matches nobody: not_user'
	add_rules '{ group = "sudo"; policy = "lab"; },'
	check "sudo without effect" found 'members of group sudo get policy lab, whose no_new_privs'
	add_rules '{ user = "x"; policy = "nowhere"; },'
	check "a policy that is not there" found 'error [0-9]+ rules.policy: no policy "nowhere"'
	groupadd -f docker
	groupadd -f disk
	gpasswd -a gus docker >/dev/null
	usermod -g disk gus
	check "a member of a mighty group" found 'gus is in group docker'
	check "by its primary group, too" found 'gus is in group disk'
	gpasswd -d gus docker >/dev/null
	usermod -g guests gus
	refute "and no longer" found 'gus is in group'
	host_config
}

# Hesiod has no server here: a directory that is out of reach.
check_name_service() {
	cp /etc/nsswitch.conf "$STAGE/nsswitch.before"
	add_rules '{ group = "far-away"; policy = "lab"; },'
	sed -i 's/^group:.*/group: files hesiod/' /etc/nsswitch.conf
	check "a name service that does not answer" found 'error [0-9]+ the name service does not answer for group "far-away"'
	like "explain does not guess" "$(ctl explain ana 2>&1)" 'the name service did not answer for "far-away"'
	refute "one that is noticed is not told" found 'while hesiod'
	sed -i 's/^group:.*/group: hesiod [NOTFOUND=continue]files/' /etc/nsswitch.conf
	check "one that goes unnoticed is" found 'warning [0-9]+ while hesiod does not answer, a group that only it knows'
	sed -i 's/^group:.*/group: hesiod[UNAVAIL=return] files/' /etc/nsswitch.conf
	refute "not when the search ends there" found 'while hesiod'
	mv "$STAGE/nsswitch.before" /etc/nsswitch.conf
	host_config
}

# Each finding's level, id and acknowledged.
levels() { ctl check --json | json '"\n".join(" ".join([x["level"], x["id"], str(x["acknowledged"]), x["finding"]]) for x in d)'; }

check_levels() {
	local id before
	add_policy 'root = { run_add = [ "/run/docker.sock" ]; };'
	like "notes are counted" "$(ctl check --no-rehearse)" ', [0-9]+ notes? \(--notes shows'
	is "and not shown" "$(ctl check --no-rehearse | grep -c '^note ')" 0
	like "but where they are asked for" "$(ctl check --no-rehearse --notes)" '^note .*policy weak: root.run is weaker'
	id=$(levels | sed -n 's/^warning \([0-9a-f]\{8\}\) False policy weak: root.run shows .*/\1/p')
	before=$(levels | grep -c '^warning .* False')
	like "a warning has its id" "$id" '^[0-9a-f]{8}$'
	like "shown to people, too" "$(ctl check --no-rehearse)" "policy weak: root.run shows .* $id"
	is "strict: a warning is a no" "$(status ctl check --strict) $(status ctl check)" '1 0'
	sed -i "1i acknowledged = [ \"$id\", \"00000000\" ];" /etc/carrel/carrel.conf
	is "one that is acknowledged stays known, though its line has moved" "$(levels | grep "$id" | cut -d ' ' -f 1-3)" "warning $id True"
	is "and is no warning any more" "$(levels | grep -c '^warning .* False')" $((before - 1))
	is "nor shown" "$(ctl check --no-rehearse | grep -c "$id")" 0
	like "but counted" "$(ctl check --no-rehearse)" ', 1 acknowledged \(--all shows them\)'
	like "and shown with --all" "$(ctl check --no-rehearse --all)" "^acknowledged .* $id"
	like "an id that is met nowhere is a note" "$(levels)" 'note .*nothing that was found has the id 00000000'
	is "not where only a part was looked at" "$(ctl check --no-rehearse --all | grep -c 'has the id 00000000')" 0
	add_policy 'root = { writable_paths = [ "/srv/none" ]; };'
	id=$(levels | sed -n 's/^error \([0-9a-f]*\) False policy weak: root.writable_paths .*/\1/p')
	sed -i "1i acknowledged = [ \"$id\" ];" /etc/carrel/carrel.conf
	like "an error counts all the same" "$(levels)" "^error $id False"
	like "which is said" "$(levels)" "^note .*$id is an error"
	sed -i '1s/.*/acknowledged = "x";/' /etc/carrel/carrel.conf
	check "a wrong form is an error" found 'error 1 acknowledged: found "x", expected a list such as'
	host_config
}

# What other programs of the host say of the same logins.
check_others() {
	local dir=$STAGE/pam.test
	mkdir -p "$dir" /etc/security/limits.d /etc/security/namespace.d
	cp -r /etc/security "$STAGE/security.kept"
	printf 'session required pam_limits.so\nsession required pam_namespace.so\n' >"$dir/common"
	printf 'session include common\nsession required pam_permit.so\n' >"$dir/sshd"
	printf 'session include common\n' >"$dir/atd"
	printf '# * hard nproc 9\n* soft nofile 900\nroot hard nproc 9\n@students  hard nproc 50 # x\n' >/etc/security/limits.conf
	printf 'gus - maxlogins 2\nftp -\n' >/etc/security/limits.d/x.conf
	printf '/tmp /tmp-inst/ level root\n$HOME $HOME/inst/ user root\n' >/etc/security/namespace.conf
	printf '\n/srv/data /srv/inst/ tmpfs ~ana\n' >/etc/security/namespace.d/x.conf
	check "before carrel is enabled: lines of limits.conf" found 'note 4 nproc of @students is 50 by pam_limits'
	check "and of limits.d" found 'note 1 maxlogins of gus is 2'
	is "no more than have a key" "$(found 'by pam_limits' | wc -l)" 2
	check "an instance of /tmp" found 'note 1 pam_namespace makes an instance of /tmp that no room shows'
	check "of the home" found 'note 2 pam_namespace gives logins with rooms another home .user.'
	check "of what is read-only in a room" found 'warning 2 pam_namespace makes an instance of /srv/data .tmpfs.'
	like "each with its key" "$(ctl check --no-rehearse --json | json '[x["mend"] for x in d if "pam_" in x["finding"]]')" \
		'limits.tasks.*limits.rooms.*tmp.size.*home.mode.*root.writable_paths'
	printf 'session required pam_permit.so\n' >"$dir/sshd"
	refute "not where logins do not pass it" found 'pam_(limits|namespace)'
	{ carrel_line close; cat "$dir/atd"; carrel_line open; } >"$dir/cron"
	check "but by a service that is enabled" found 'note 4 nproc of @students'
	printf '@staff - as 1000\n' >"$STAGE/other.limits"
	sed -i "s#pam_limits.so#& conf=$STAGE/other.limits#" "$dir/common"
	check "from the file that the line names" found 'note 1 as of @staff is 1000 by pam_limits'
	refute "and no other" found 'nproc of'
	sed -i 's#^gus:.*:#&/usr/sbin/jk_chrootsh#; s#jk_chrootsh.*#jk_chrootsh#' /etc/passwd
	check "a login shell that is a sandbox" found "warning $(grep -n ^gus: /etc/passwd | cut -d : -f 1) the login shell of gus is"
	usermod -s /bin/bash gus
	rm -r /etc/security "$dir/common" "$dir/sshd" "$dir/atd" "$dir/cron" "$STAGE/other.limits"
	mv "$STAGE/security.kept" /etc/security
	host_config
}

# The groups beside the kernel's calls and libseccomp's: one that the groups do not have is named, whoever has it.
check_calls() {
	local shipped=$STAGE/data/syscalls.conf
	refute "the shipped groups have all that libseccomp knows" found 'note None calls that libseccomp knows, in no group'
	cp "$shipped" "$STAGE/syscalls.kept"
	sed -i 's/"openat2", //' "$shipped"
	check "a call is missing in them" found 'note None calls (of this kernel|that libseccomp knows,) in no group: openat2'
	mv "$STAGE/syscalls.kept" "$shipped"
}

check_one_policy() {
	add_policy 'no_new_privs = false;'
	check "set-user-ID programs without power" found 'policy weak: no_new_privs is false with an empty bounding set'
	add_policy 'no_new_privs = false; root = { mode = "overlay"; over = "tmpfs"; }; user = { mode = "own"; };'
	refute "which a root of the room's own has all the same" found 'policy weak: no_new_privs is false'
	add_policy 'capabilities = { bounding = [ "net_raw" ]; };'
	check "power that nobody gets" found 'policy weak: capabilities.bounding has capabilities that nobody can get'
	add_policy 'root = { run_add = [ "/run/docker.sock" ]; };'
	check "the socket of a mighty service" found 'policy weak: root.run shows /run/docker.sock'
	add_policy 'root = { run_add = [ "/run/user/%U" ]; };'
	check "what each room has of its own, by the key that says it" found 'error [0-9]+ policy "weak": root.run: has a path'
	add_policy 'root = { writable_paths = [ "/tmp" ]; };'
	check "to write to, too" found 'error [0-9]+ policy "weak": root.writable_paths: has a path in a place'
	add_policy 'root = { bind = ( { source = "/srv"; target = "/sys/x"; } ); };'
	check "and to bind over" found 'error [0-9]+ policy "weak": root.bind: has a target'
	add_policy 'seccomp = { base = ""; }; limits = { tasks = 9000; }; tmp = { size = "9G"; }; features = { seccomp = "off"; };'
	check "weaker than its parent, which is a note" found 'note [0-9]+ policy weak: seccomp.base is weaker than in policy student'
	check "in limits as well" found 'policy weak: limits.tasks is weaker'
	check "and in what it may fill" found 'policy weak: tmp.size is weaker'
	check "and in what it insists on" found 'policy weak: features.seccomp is weaker'
	refute "not in what it has not changed" found 'policy weak: (namespaces|root.hide) is weaker'
	add_policy 'seccomp = { allow = [ "no_such_call" ]; };'
	check "a system call that does not exist" found 'error [0-9]+ policy weak: seccomp.allow .*no_such_call'
	add_policy 'seccomp = {\n deny = [ "personality",\n "ptrce" ]; };'
	check "a slip, at its own line, with the name that was meant" found \
		"error $(grep -n '"ptrce"' /etc/carrel/carrel.conf |
		cut -d : -f 1) policy weak: seccomp.deny there is no system call 'ptrce' .did you mean .ptrace"
	add_policy 'seccomp = { deny_add = [ "@debg" ]; };'
	check "in a group, too" found "error [0-9]+ policy weak: seccomp.deny there is no group '@debg' .did you mean .@debug"
	add_policy 'seccomp = { allow = [ "?no_such_call" ]; };'
	refute "which may be" found 'no_such_call'
	add_policy 'seccomp = { deny = [ "setresuid" ]; };'
	check "set*id that answers an error" found 'error [0-9]+ policy weak: seccomp.deny setresuid'
	add_policy 'seccomp = { deny = [ "close", "vmsplice", "openat" ]; };'
	check "what every login needs, taken away" found 'error [0-9]+ policy weak: seccomp.deny leaves out close, openat, without'
	add_policy 'seccomp = { args = { ioctl = [ "!TIOCGPTN" ]; }; };'
	check "and values of its arguments" found 'error [0-9]+ policy weak: seccomp.args.ioctl leaves out TIOCGPTN, without'
	add_policy 'seccomp = { deny = [ "vmsplice", "prctl" ]; };'
	refute "not what it can do without" found 'policy weak: seccomp.deny leaves'
	add_policy 'root = { mode = "image"; path = "/no/such/image"; };'
	check "an image that is not there" found 'error [0-9]+ policy weak: root.path names /no/such/image'
	mkdir -p "$STAGE/lower/merged" "$STAGE/lower/none"
	mount -t overlay -o "lowerdir=$STAGE/keys:$STAGE/lower/none" overlay "$STAGE/lower/merged"
	add_policy "home = { mode = \"overlay\"; size = \"8M\"; lower = \"$STAGE/lower/merged\"; };"
	check "a template whose owners cannot be mapped" found 'error [0-9]+ policy weak: home.lower names .*cannot be mapped to the user'
	add_policy "home = { mode = \"overlay\"; size = \"8M\"; lower = \"$STAGE/lower/none\"; };"
	if tmpfs_maps_owners; then
		refute "one whose owners can" found 'cannot be mapped'
	else
		check "one on tmpfs in this kernel" found 'cannot be mapped'
	fi
	umount "$STAGE/lower/merged"
	rm -r "$STAGE/lower"
	sed -i.before 's/carrelhost//' /etc/hosts
	cp /etc/nsswitch.conf "$STAGE/nsswitch.before"
	sed -i 's/myhostname//' /etc/nsswitch.conf
	add_policy 'hostname = "";'
	check "a host's name that nothing finds without network" found 'policy weak: hostname is "", and this host.s name carrelhost'
	refute "a room's own name is found" found 'policy student: hostname'
	mv /etc/hosts.before /etc/hosts
	refute "nor is one in /etc/hosts told" found 'policy weak: hostname'
	mv "$STAGE/nsswitch.before" /etc/nsswitch.conf
	add_policy 'ptys = 0; }; worse = { ptys = "x"; }; worst = { inherit = "worse";'
	check "the first error" found 'error [0-9]+ ptys: found 0'
	check "and the second" found 'error [0-9]+ ptys: found "x"'
	is "each once" "$(found 'ptys: found' | wc -l)" 2
	is "with what to do" "$(ctl check --json | json '[x["finding"] for x in d if not x["mend"]]')" '[]'
	host_config
}

# What is mistyped, or is none, is told; and nothing waits for what has no end.
check_slips() {
	local dir=$STAGE/pam.slips
	mkdir -p "$dir"
	printf 'session required pam_permit.so\n' >"$dir/atd"
	is "is-enabled: no" "$(ctl --pam-dir "$dir" is-enabled atd) $(status ctl --pam-dir "$dir" is-enabled atd)" "disabled 1"
	ctl --pam-dir "$dir" enable --no-rehearse atd >/dev/null
	is "yes" "$(ctl --pam-dir "$dir" is-enabled atd) $(status ctl --pam-dir "$dir" is-enabled atd)" "enabled 0"
	sed -i 's/requisite/optional/' "$dir/atd"
	is "not so" "$(status ctl --pam-dir "$dir" is-enabled atd)" 1
	rm -r "$dir"
	mkfifo "$STAGE/fifo"
	like "log: a FIFO is no log" "$(timeout 20 "$STAGE_LIB/carrelctl" log --file "$STAGE/fifo" 2>&1)" 'it is no regular file'
	like "nor is what never ends" "$(timeout 20 "$STAGE_LIB/carrelctl" log --file /dev/zero 2>&1)" 'it is no regular file'
	rm "$STAGE/fifo"
	like "status: another state directory that is not there" "$(ctl --state /typo status --no-check)" '^state +look +/typo is not there'
	like "every other command says so, too" "$(ctl --state /typo list 2>&1)" '^carrelctl: note: --state /typo: that is no directory'
	unlike "and of one that is there nothing" "$(ctl list 2>&1)" 'is no directory'
	like "a configuration by half a path" "$(cd /etc/carrel && ctl --config carrel.conf check 2>&1)" \
		'--config: found "carrel.conf", expected an absolute path: /etc/carrel/carrel.conf$'
	is "which is a wrong use" "$(cd /etc/carrel && status ctl --config carrel.conf list)" 2
	like "learn: nor is it made" "$(ctl --state /typo learn --policy student 2>&1)" 'cannot open /typo: No such file'
	# A host of its own, of which nothing is there yet.
	like "but the host's own, before its first login" "$(unshare -m sh -c "mount -t tmpfs -o mode=755 none /run &&
		mount -t tmpfs -o mode=755 none /var/lib && $STAGE_LIB/carrelctl learn --policy student &&
		ls /run/carrel/learn" 2>&1 | xargs)" 'are watched.* student.on'
	like "a proposal without a file" "$(ctl learn --policy student --merge '' 2>&1)" '--merge: found "", expected a file'
	like "a time for nothing" "$(ctl learn --status --for 3h 2>&1)" '--for is for learning alone'
	like "a word of other programs" "$(ctl limits 2>&1)" 'no command "limits": carrelctl show USER'
	echo 'policies = { x = { network = { publish = ( { port = 80; first = 3; } ); }; }; };' >"$STAGE/slip.conf"
	like "a group is told by what it says" \
		"$(ctl --config "$STAGE/slip.conf" check 2>&1)" \
		'found a group \{ port = 80; first = 3; \}, expected'
	rm "$STAGE/slip.conf"
}

check_check() {
	check_pam_and_sshd
	check_rules
	check_name_service
	check_levels
	check_calls
	check_others
	check_one_policy
	touch /etc/carrel/off
	check "the switch" found 'carrel is switched off'
	rm /etc/carrel/off
	echo 'rules = ( { polcy = "x"; } );' >/etc/carrel/carrel.conf
	check "an error in the file" found 'error 1 rules.polcy: unknown key "polcy" .did you mean "policy"'
	host_config
}

host_start
room ana true
settle
before=$(census)
needs check_freeze check_list
needs check_kill check_freeze
run_cases "$@" -- check_usage check_without_root check_list check_freeze check_kill check_stale check_cgroup_root \
	check_bare_room check_explain check_reload check_may_have_manager check_managers check_slips check_check
for h in one two three; do hold_end $h; done
rm -rf "$STAGE/pam.test" /etc/carrel/pam-backup
settle
same_census "nothing is left behind" "$before"
tap_done
