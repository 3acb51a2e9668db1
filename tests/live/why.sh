#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What stopped a login's processes: on record for carrelctl why, told to the user at his next logins with a terminal,
# not for ever, and never in what a program reads. Memory and tasks need controllers: they are in the guest.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"

SSH_CMD="ssh -F $STAGE/ssh/config"
WORK=$STAGE/work
TERMINAL=(timeout "$SSH_LIMIT" script -qec)

# causes USER: cause and count of each row, newest first; system calls are left out, the kernel's log is every stage's
causes() {
	ctl why "$1" --json | json '" ".join("%s:%d" % (x["cause"], x["count"]) for x in d if not x["cause"].startswith("seccomp"))'
}

field() { # USER KEY: of the newest row
	ctl why "$1" --json | json "[x for x in d if not x['cause'].startswith('seccomp')][0]['$2']"
}

# A shell with a terminal, as somebody would have it who types exit at once.
shell() { # USER
	printf 'exit\n' | s -tt "$1@room" 2>&1 | tr -d '\r'
}

notices() {
	grep -c '^carrel: ' <<<"$1"
}

# A login of ana's that ends with its home full.
fill_home() {
	hold one ana@room
	hold_ask one 'head -c 100M /dev/zero >~/big; true' >/dev/null
	hold_end one
	poll 10 rooms_gone # with its end it is on record
}

configure() {
	host_config
	sed -i 's/seccomp = { base = "@login"; };/seccomp = { base = "@login"; log = true; };/
		s/on_close = "keep";/on_close = "keep"; linger = "1s"; tmp = { size = "8M"; };/' /etc/carrel/carrel.conf
}

check_nothing() {
	is "nothing has stopped anybody" "$(status ctl why cara)" 1
	like "and it says so" "$(ctl why cara)" '^Nothing has stopped'
	is "an empty list for programs" "$(ctl why cara --json | json d)" '[]'
	is "nobody of that name" "$(status ctl why no-such-user)" 1
	is "too many words" "$(status ctl why ana cara)" 2
	is "no state directory: nothing yet" "$(status ctl --state /nonexistent why cara)" 1
	unlike "a login that met nothing is told nothing" "$(shell cara)" '^carrel: '
	is "and leaves nothing" "$(ls -A "$STATE_DIR/why")" ""
}

check_home() {
	fill_home
	check "a full home is on record" poll 10 eval '[ "$(causes ana)" = home:1 ]'
	is "with its size" "$(field ana limit)" 67108864
	like "in units for people" "$(ctl why ana)" ' home +1 +64M  home.size'
	is "its policy" "$(field ana policy)" student
	like "and the key and line to change" "$(field ana what_to_do)" \
		"^home.size of policy student \(/etc/carrel/carrel.conf:$(grep -n 'size = "64M"' /etc/carrel/carrel.conf | head -n 1 |
		cut -d: -f1)\)$"
	is "of root alone" "$(stat -c '%a %u' "$STATE_DIR"/why "$STATE_DIR"/why/* | xargs)" '700 0 600 0'
	is "something was stopped" "$(status ctl why)" 0
	is "of all users, too" "$(ctl why --json | json '{x["user"] for x in d if x["cause"] == "home"}')" "{'ana'}"
}

# The line waits for a terminal: until then no program may see it.
check_clean_streams() {
	head -c 300000 /dev/urandom >"$WORK/random"
	is "ssh command: standard output" "$(s ana@room 'echo out' </dev/null 2>"$WORK/err")" out
	is "ssh command: standard error" "$(cat "$WORK/err")" ""
	is "ssh -T command" "$(s -T ana@room 'echo out' </dev/null 2>&1)" out
	like "a shell without a terminal hears it as sshd's other greetings" "$(echo 'echo out' | s -T ana@room 2>&1)" '^carrel: '
	is "bytes in and out" "$(s ana@room cat <"$WORK/random" 2>"$WORK/err" | sha256sum)" "$(sha256sum <"$WORK/random")"
	is "and nothing beside them" "$(cat "$WORK/err")" ""
	is "sftp" \
		"$(printf 'put %s back\nget back %s\n' "$WORK/random" "$WORK/got" | sftp -q -b - -F "$STAGE/ssh/config" ana@room 2>&1 |
		grep -vc '^sftp>')" 0
	check "sftp: what comes back" cmp "$WORK/random" "$WORK/got"
	is "sftp inside sshd" "$(printf 'pwd\n' | sftp -q -b - -F "$STAGE/ssh/config" ana@sftponly 2>&1 | grep -v '^sftp>')" \
		'Remote working directory: /home/ana'
	is "scp is silent" "$(scp -q -F "$STAGE/ssh/config" "$WORK/random" ana@room:back 2>&1)" ""
	is "rsync is silent" "$(rsync -e "$SSH_CMD" "$WORK/random" ana@room:back 2>&1)" ""
	is "git reads its protocol" "$(GIT_SSH_COMMAND=$SSH_CMD git ls-remote ana@room:nowhere 2>&1 | grep -c '^carrel')" 0
	is "su into a file" "$(su ana -c 'echo out' </dev/null 2>&1)" out
	is "su -: a terminal only on standard input" "$("${TERMINAL[@]}" "su ana -c 'echo out' >$WORK/out" /dev/null; cat "$WORK/out")" out
}

# keeps: helper/parts/why R3
# What is on record of a user, and nothing of others, is shown in a room that is made afterwards.
check_inside() {
	local tool="$STAGE/bin/carrel" text
	sed -i '1i contact = "Call 4321.";' /etc/carrel/carrel.conf
	text=$(room ana "$tool why; echo \$?")
	like "the user sees what their login met" "$text" '^[0-9]{4}-[0-9-]{5} [0-9:]{5}  had its home full \(limit 64M\)$'
	like "and whom to ask" "$text" '^Call 4321\.$'
	is "status 0" "$(tail -n 1 <<<"$text")" 0
	is "another user sees none of it" "$(room cara "$tool why; echo \$?; ls /run/carrel/why 2>&1 | grep -c 'No such'")" \
		"Nothing has stopped processes of yours.
1
1"
	is "the file is root's" "$(room ana 'stat -c "%a %u" /run/carrel/why')" "444 0"
	is "and to be read alone" "$(room ana '{ echo >>/run/carrel/why; } 2>&1 | grep -c denied')" 1
	text=$(room ana "head -c 10M /dev/zero >~/big; $tool limits")
	like "limits: the home" "$text" '^home +64M +1[0-9]M$'
	like "and /tmp" "$text" '^/tmp +[0-9]+M +[0-9KM]+$'
	is "no words are understood behind it" "$(room ana "$tool limits x; echo \$?; $tool why x; echo \$?" | grep -c '^2$')" 2
	is "outside it is no room" "$("$tool" why 2>&1; echo $?)" "carrel: this is no room: it is for logins that carrel has given one
3"
	is "limits neither" "$("$tool" limits >/dev/null 2>&1; echo $?)" 3
	configure
	sed -i 's/hostname = "%u-room";/language = "de"; &/' /etc/carrel/carrel.conf
	text=$(room ana "$tool why; $tool limits")
	like "in the policy's language" "$text" '^[0-9]{4}-[0-9-]{5} [0-9:]{5}  war Ihr Heimverzeichnis voll \(Grenze: 64M\)$'
	like "limits as well, in columns" "$text" '^GRENZE {20}MAXIMUM    BENUTZT$'
	like "of characters" "$(room ana "LC_ALL=es_ES.UTF-8 $tool limits")" '^LÍMITE {21}MÁXIMO      USADO$'
	is "nothing to tell" "$(room cara "LC_MESSAGES=eu_ES $tool why")" "Ez da zure prozesurik geldiarazi."
	is "English for scripts" "$(room cara "LC_ALL=C $tool why")" "Nothing has stopped processes of yours."
	is "by a file of root's" "$(room ana 'cat /run/carrel/language; stat -c "%a %u" /run/carrel/language' | xargs)" "de 444 0"
	is "outside of rooms by the locale" "$(LC_ALL=es "$tool" limits 2>&1)" \
		"carrel: esto no es una sala: el programa es para las sesiones a las que carrel ha dado una"
	configure
	is "English has no file" "$(room ana 'test -e /run/carrel/language; echo $?')" 1
	sed -i 's/hostname = "%u-room";/notice = false; &/' /etc/carrel/carrel.conf
	is "who is not told is shown nothing" "$(room ana "$tool why")" "Nothing has stopped processes of yours."
	configure
}

# sshd shows a shell what it kept, a command nothing, and says to nobody which it was: so it has three tries.
check_told() {
	local text home
	home="$STATE_DIR/why/$(id -u ana)"-*
	is "a command with a terminal is told nothing" "$(notices "$(s -tt ana@room 'echo in' 2>&1)")" 0
	check "and that may have been it" poll 10 grep -q '^[0-9]* 2 home' $home
	text=$(shell ana)
	like "a shell with a terminal is told" "$text" '^carrel: your login of [0-9:]{5} had its home full \(limit 64M\)$'
	is "in one line" "$(notices "$text")" 1
	check "and that is on record" poll 10 grep -q '^[0-9]* 3 home' $home
	is "as long as he may not have seen it" "$(notices "$(shell ana)")" 1
	check "three times" poll 10 grep -q '^[0-9]* 1 home' $home
	is "and no more" "$(notices "$(shell ana)")" 0
	is "carrelctl tells it for ever" "$(causes ana)" home:1
}

check_operator() {
	local text
	hold one ana@room
	check "a login is on record" poll 10 eval 'ctl list ana >/dev/null'
	ctl kill ana >/dev/null
	hold_end one 2>/dev/null
	check "killed by the operator" poll 10 eval '[ "$(causes ana)" = "killed:1 home:1" ]'
	is "su swallows what it is given" "$(notices "$("${TERMINAL[@]}" 'su ana' /dev/null <<<exit)")" 0
	text=$("${TERMINAL[@]}" 'su - ana' /dev/null <<<'echo $((40 + 2)); exit' | tr -d '\r')
	like "so su - tells it" "$text" '^carrel: your login of [0-9:]{5} was ended by the administrator$'
	like "and is a shell" "$text" '42$'
	is "once" "$(notices "$("${TERMINAL[@]}" 'su - ana' /dev/null <<<exit)")" 0
	is "nor over ssh" "$(notices "$(shell ana)")" 0
	hold two bob@room
	ctl freeze bob >/dev/null
	like "frozen" "$(field bob what_to_do)" '^carrelctl thaw '
	ctl thaw bob >/dev/null
	hold_end two
	like "login tells it" "$("${TERMINAL[@]}" 'login -f bob' /dev/null <<<exit | tr -d '\r')" \
		'^carrel: your login of [0-9:]{5} was stopped by the administrator$'
}

# In the policy's language, by a terminal of a host whose locale is C.
check_language() {
	hold one cara@room
	check "a login is on record" poll 10 eval 'ctl list cara >/dev/null'
	ctl kill cara >/dev/null
	hold_end one 2>/dev/null
	check "killed" poll 10 eval '[ "$(causes cara)" = killed:1 ]'
	sed -i 's/hostname = "%u-room";/language = "eu"; &/' /etc/carrel/carrel.conf
	like "told in Basque" "$(shell cara)" '^carrel: zure saioan \([0-9:]{5}\) administratzaileak saioa amaitu du$'
	sed -i -e '1i host_language = "eu";' -e '1i contact = "Deitu 4321.";' /etc/carrel/carrel.conf
	hold two -tt cara@room
	ctl wall --user cara kaixo >/dev/null
	check "and by wall" poll 5 grep -Eq '[a-z]+@carrelhost erabiltzailearen mezua \([0-9: -]{16}\):' "$STAGE_LOG/hold.two"
	ctl drain --timeout 1s 'disko berriak' >/dev/null 2>&1
	check "and by drain" poll 5 grep -q 'Makina honek ez du saio berririk onartzen: disko berriak' "$STAGE_LOG/hold.two"
	check "with what to do" poll 5 grep -q '^Gorde zure lana eta itxi saioa, mesedez\.' "$STAGE_LOG/hold.two"
	ctl drain --off >/dev/null
	ctl kill cara >/dev/null
	hold_end two 2>/dev/null
	check "killed again" poll 10 eval '[ "$(causes cara)" = "killed:1 killed:1" ]'
	like "with whom to ask behind it" "$(shell cara)" '^carrel: zure saioan .* administratzaileak saioa amaitu du\. Deitu 4321\.$'
	configure
}

check_shared() {
	hold one dora@room
	hold_ask one 'head -c 20M /dev/zero >/tmp/big; setsid sleep 3300 >/dev/null 2>&1 & true' >/dev/null
	hold_end one
	check "/tmp full, then the time after the last logout is over" poll 15 eval '[ "$(causes dora)" = "linger:1 tmp:1" ]'
	is "that time" "$(field dora limit)" 1
	ended='had a process ended when its time after logout was over \(limit 1s\)'
	like "both are told, for they are one login's" "$(shell dora)" \
		'^carrel: your login of [0-9:]{5} had its /tmp full \(limit 8M\), '"$ended"'$'
}

# refused_by NAME-IN-PERL MARK [hostile]: a login makes a call under that name, and why tells it
refused_by() {
	room ana "perl -e '\$0 = \"$1\"; syscall(163, 0)'" >/dev/null
	poll 10 grep -q ' seccomp ' "$STATE_DIR/why/$(id -u ana)"-* || return 1
	ctl why ana --json | json "[1 for x in d if 'seccomp: acct(0,' in x['cause'] and ' by ${3:+x}' in x['cause']
		and x['cause'].endswith('$2')
		and x['policy'] == 'student' and x['login']][0]"
}

check_calls() {
	local name="why$RANDOM"
	check "a refused call is named, with login and policy" poll 10 refused_by "$name" "$name"
	check "a hostile name, too" poll 10 refused_by "x\\033[2J" '[2J' hostile
	like "a hostile name is shown" "$(ctl why ana)" 'seccomp: acct\(0,.* by x\\x1b\[2J'
	is "and does not act" "$(ctl why ana | grep -c $'\033')" 0
	like "what to do" "$(ctl why ana)" 'acct in seccomp.allow of policy student, if'
	like "the user is told" "$(shell ana)" '^carrel: your login of [0-9:]{5} had (a system call|[0-9]+ system calls) refused$'
	like "which is on record for when the kernel's log has lost it" "$(cat "$STATE_DIR/why/$(id -u ana)"-*)" \
		'^[0-9]+ [0-3] seccomp [0-9]+ - '
	unlike "with log = true nothing is missing" "$(ctl why ana)" 'are not recorded'
	like "without it, the key is told" "$(ctl why bob)" '^Policy staff: refused system calls are not recorded; seccomp.log = true'
	room bob "perl -e '\$0 = \"$name\"; syscall(163, 0)'" >/dev/null
	is "for then there is no row" "$(ctl why bob --json | json "len([x for x in d if '$name' in x['cause']])")" 0
	sed -i 's/log = true/log = false/' /etc/carrel/carrel.conf
	like "a key that is set has its line" "$(ctl why ana)" "Policy student: .* \(/etc/carrel/carrel.conf:[0-9]+\) does that"
	configure
}

check_switch() {
	fill_home
	sed -i 's/hostname = "%u-room";/notice = false; &/' /etc/carrel/carrel.conf
	is "notice = false: nothing is said" "$(notices "$(shell ana)")" 0
	like "it is on record all the same" "$(causes ana)" '^home:1 killed'
	configure
	is "and said when it is true again" "$(notices "$(shell ana)")" 1
}

# Without login records nobody learns of a terminal: then the first login counts, or he would hear it for ever.
check_unaccounted() {
	fill_home
	sed -i 's/features = { limits = "prefer"; };/features = { limits = "prefer"; accounting = "off"; };/' /etc/carrel/carrel.conf
	is "accounting off: told" "$(for i in 1 2 3 4 5; do shell ana; done | grep -c '^carrel: ')" 3
	configure
}

# Nobody but root can write there; if the record is broken all the same, logins go on.
check_broken() {
	local file uid
	uid=$(id -u ana)
	file=$(ls "$STATE_DIR/why/$uid"-*)
	printf 'carrel-why 2 1 ana\n1 0 killed 1 - 1 abc \033[2J\n' >"$file"
	is "a login goes on with a broken record" "$(notices "$(shell ana)")" 0
	is "why fails and names it" "$(ctl why ana 2>&1 >/dev/null)" "carrelctl why: $file is no record of carrel's: remove it"
	is "with its status" "$(status ctl why ana)" 3
	rm "$file"
	mkfifo -m 600 "$file"
	is "a FIFO holds nobody up" "$(room ana 'echo in')" in
	rm "$file"
	touch -d '40 days ago' "$STATE_DIR/why/"*
	"$STAGE_LIB/carrel-helper" --sweep --state "$STATE_DIR"
	is "the old is swept" "$(ls "$STATE_DIR/why")" ""
}

host_start
configure
mkdir "$WORK"
room ana true
settle
before=$(census)
needs "check_inside check_clean_streams check_told check_operator check_calls check_broken" check_home
needs check_switch check_operator
run_cases "$@" -- check_nothing check_home check_inside \
	check_clean_streams check_told check_operator check_language check_shared check_calls \
	check_switch check_unaccounted check_broken
settle
same_census "nothing but the records is left behind" "$before"
tap_done
