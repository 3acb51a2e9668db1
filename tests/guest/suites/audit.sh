#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Records in the log of a real auditd, read by ausearch and aureport, beside libpam's of the same logins; and logins while
# auditd takes nothing, says that records are lost, or lets nobody change it.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../packages.sh"

searched() { # ARGUMENTS of ausearch: carrel's records since the suite began, interpreted
	guest "ausearch --input-logs -i -ts \$(cat /tmp/audit.began) $* 2>/dev/null | grep -F op=carrel:" </dev/null
}

found() { # REGEX ARGUMENTS...: auditd writes when it comes to it
	poll 20 eval "searched ${*:2} | grep -Eq -- '$1'"
}

field() { # NAME: of the records on standard input
	sed -n "s/.* $1=\([^ ']*\).*/\1/p"
}

# What both records of one login have in common, carrel's and libpam's.
common() { # USER TYPE OP
	guest "ausearch --input-logs -i -ts \$(cat /tmp/audit.began) -m $2 | grep -F 'op=$3' | grep -F 'acct=$1 ' | tail -n 1" </dev/null |
		grep -oE ' (pid|uid|auid|ses|acct|exe|hostname|addr|terminal|res)=[^ '\'']*' | xargs
}

libpam_told() { # USER TYPE WHAT
	[ -n "$(common "$1" "$2" "PAM:$3")" ]
}

check_open() {
	is "a login" "$(login ana 'echo in')" in
	check "is a record that begins a session" \
		found 'op=carrel:session_open login=[a-z0-9]+ room=[a-z0-9]+ policy=shared .*res=success' -m USER_START
	check "and one that ends it" \
		found 'op=carrel:session_close login=[a-z0-9]+ room=[a-z0-9]+ policy=shared .*res=success' -m USER_END
	is "of the same login, once" "$(searched -m USER_START,USER_END | field login | sort -u | wc -l)" 1
	is "the log of carrel's names it so" "$(searched -m USER_START | field login)" "$(guest 'carrelctl log ana --since 1h --json' |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["login"])')"
	like "the user is theirs, by id as well" "$(searched -m USER_START)" ' service=sshd id=ana acct=ana '
	poll 20 libpam_told ana USER_START session_open
	poll 20 libpam_told ana USER_END session_close # which comes behind carrel's
	like "what libpam has is the same" "$(common ana USER_START PAM:session_open)" \
		"uid=root auid=ana ses=[0-9]+ acct=ana exe=$sshd hostname=[0-9.]+ addr=[0-9.]+ terminal=ssh res=success\$"
	is "at the beginning" "$(common ana USER_START carrel:session_open)" "$(common ana USER_START PAM:session_open)"
	is "and at the end" "$(common ana USER_END carrel:session_close)" "$(common ana USER_END PAM:session_close)"
}

# keeps: base/audit_text R1
check_refused() {
	isnt "a refusal" "$(login gus true 2>/dev/null; echo $?)" 0
	check "is a record with its code" found 'op=carrel:session_open login=[a-z0-9]+ policy=- reason=RULE service=sshd id=gus acct=gus' \
		-m USER_START -sv no
	like "of the login, with its loginuid and session" "$(common gus USER_START carrel:session_open)" \
		'uid=root auid=gus ses=[0-9]+ acct=gus exe=/usr/sbin/sshd hostname=[0-9.]+ addr=[0-9.]+ terminal=ssh res=failed$'
	poll 20 libpam_told gus USER_START session_open
	is "as libpam has them" "$(common gus USER_START carrel:session_open)" "$(common gus USER_START PAM:session_open)"
	is "the log of carrel's names it so" "$(searched -m USER_START -sv no | field login)" \
		"$(guest 'carrelctl log gus --since 1h --json' | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["login"])')"
	guest 'chmod a-x /usr/libexec/carrel/carrel-helper' </dev/null
	isnt "without a helper" "$(login ana true 2>/dev/null; echo $?)" 0
	guest 'chmod a+x /usr/libexec/carrel/carrel-helper' </dev/null
	check "so is one of the module's" found 'op=carrel:session_open policy=- reason=HELPER service=sshd id=ana acct=ana' \
		-ul ana -m USER_START -sv no
}

# By what an administrator asks for; a record that is no good is left out by all of these.
check_asked() {
	local host
	host=$(common ana USER_START carrel:session_open | grep -oE 'hostname=[0-9.]+')
	host=${host#*=}
	check "by user" found session_open -ul ana -m USER_START -sv yes
	check "a refused one, too" found acct=gus -ul gus -m USER_START -sv no
	check "by session" found session_close --session "$(common ana USER_END carrel:session_close | grep -oE 'ses=[0-9]+' | cut -d= -f2)"
	check "by host" found acct=gus -hn "$host" -m USER_START
	check "by terminal" found acct=gus -tm ssh -m USER_START
	check "by program" found acct=ana -x $sshd -m USER_START
	check "of the refused only" found acct=gus -sv no
	is "none of those that were let in" "$(searched -sv no | field reason | xargs)" 'RULE HELPER'
	like "aureport has them, with host and terminal" "$(guest 'aureport --input-logs -x' </dev/null)" \
		"/usr/sbin/sshd ssh $host $(guest 'id -u gus' </dev/null) [0-9]+\$"
	is "its sum of failed events is theirs" "$(guest 'aureport --input-logs -e --failed' </dev/null | grep -c ' USER_START ')" 4
	is "a session has its summary, beside libpam's" "$(guest 'ausearch --input-logs -m USER_START,USER_END --format csv 2>/dev/null' \
		</dev/null | grep -c '^[^,]*,USER_START,.*,gus,.*,failed,')" 2
}

check_su() {
	pam_wire su-l
	guest 'su - cara -c true' </dev/null
	pam_unwire su-l
	check "who comes by su has no address" found 'service=su-l id=cara acct=cara exe=/usr/bin/su hostname=[^ ]* addr=\? ' -m USER_START
	check "and leaves" found 'op=carrel:session_close .* acct=cara exe=/usr/bin/su .*res=success' -m USER_END
}

# The record may have to wait: who is refused is told before.
check_order() {
	pam_wire su-l
	guest 'strace -qq -e trace=write,socket -e signal=none -o /tmp/order su - gus -c true' </dev/null >/dev/null 2>&1
	pam_unwire su-l
	like "who is refused has been told when the record is sent" "$(guest 'cat /tmp/order' </dev/null | awk '
		/NETLINK_AUDIT/ { print "audit" } /write\(.*carrel: this login was refused/ { print "told" }' | xargs)" 'told audit'
}

logs_in() { # WHEN: in time, and refused in time. The kernel makes senders wait for at most 2 s each.
	is "$1: a login" "$(timeout 120 ssh -F "$GUEST_DIR/ssh_config" ana@door 'echo in' </dev/null)" in
	like "and a refusal with its own code" "$(timeout 120 ssh -F "$GUEST_DIR/ssh_config" gus@door true 2>&1 </dev/null)" 'code RULE'
}

check_stuck() {
	guest 'auditctl -b 16 --backlog_wait_time 500 >/dev/null; pkill -STOP -x auditd' </dev/null
	guest "$(program audit_flood) 15" </dev/null
	like "auditd takes nothing, and records are lost" "$(guest 'auditctl -s' </dev/null)" '^lost [1-9]'
	logs_in "it is stopped"
	guest "for i in 1 2 3; do $(program audit_flood) 60 >/dev/null 2>&1 & done" </dev/null
	logs_in "its queue is full"
	guest 'pkill -CONT -x auditd; pkill -f "op=flood"; auditctl -b 8192 >/dev/null; systemctl restart auditd' </dev/null
	check "auditd is back" poll 20 guest 'auditctl -s | grep -q "^pid [1-9]"'
}

check_rate() {
	guest 'auditctl -r 1 >/dev/null' </dev/null
	logs_in "one record a second"
	guest 'auditctl -r 0 >/dev/null' </dev/null
}

# Until the next boot: nobody changes audit, and no process its loginuid.
check_immutable() {
	guest 'auditctl --loginuid-immutable; auditctl -e 2' </dev/null >/dev/null
	like "audit is locked" "$(guest 'auditctl -s' </dev/null | xargs)" '^enabled 2 .*loginuid_immutable 1'
	logs_in "it is locked"
	check "the guest is up again" guest_reboot
}

if ! packages_add auditd; then
	skip "records of a real auditd" "its package cannot be fetched or installed"
	tap_done
	exit
fi
sshd=$(guest 'ls /usr/lib/openssh/sshd-session 2>/dev/null || echo /usr/sbin/sshd' </dev/null) # whose process opens sessions
check "users" users_make
conf_write <<'E'
rules = ( { group = "students"; policy = "shared"; } );
E
pam_wire sshd
guest 'rm -f /var/log/audit/audit.log; systemctl restart auditd; date +%T >/tmp/audit.began; journalctl --rotate -q
	journalctl --vacuum-time=1s -q' </dev/null >/dev/null 2>&1
needs check_refused check_open
needs check_asked check_refused
run_cases "$@" -- check_open check_refused check_asked check_su check_order check_stuck check_rate check_immutable
packages_remove
guest "rm -rf /var/log/audit; $(program audit_switch) 0"
tap_done
