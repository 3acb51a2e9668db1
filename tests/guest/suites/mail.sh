#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# What people have of the host's own programs by errands, with Debian's mailer (exim) and cron: what jobs print reaches
# its user, letters go out of rooms and are read there, an expired password is changed at the login.
. "$(dirname "$0")/../suite.sh"

OLD=old-Pass_word1
NEW=new-Pass_word2

mailbox() { # USER REGEX: how many lines of his mailbox are so
	guest "grep -cE -- '$2' /var/mail/$1 2>/dev/null"
}

came() { # USER REGEX
	[ "$(mailbox "$@")" -gt 0 ] 2>/dev/null
}

# expired USER: his login on a terminal, where passwd asks and is answered.
expired() {
	local words=$GUEST_DIR/words out=$GUEST_DIR/passwd client fd
	rm -f "$words"
	mkfifo "$words"
	: >"$out"
	ssh -tt -F "$GUEST_DIR/ssh_config" "$1@door" true <"$words" >"$out" 2>&1 &
	client=$!
	exec {fd}>"$words"
	set -- 'Current password:' "$OLD" 'New password:' "$NEW" 'Retype new password:' "$NEW"
	while [ $# -gt 0 ]; do
		poll 20 grep -q "$1" "$out" || break
		sleep $((1 + CARREL_PATIENCE / 4)) # what is typed before passwd listens is thrown away, after the prompt too
		echo "$2" >&"$fd"
		shift 2
	done
	poll 30 eval "! kill -0 $client 2>/dev/null" || kill "$client"
	exec {fd}>&-
	wait "$client"
}

check_crontab() {
	guest '(echo MAILTO=ana,bea; echo "* * * * * echo hello from cron; readlink /proc/self/ns/pid") | crontab -u ana -
	echo "* * * * * echo hello from cron" | crontab -u bob -'
	is "a crontab is written in the room" \
		"$(login cara "echo '* * * * * echo good day from cron' | crontab - && crontab -l")" '* * * * * echo good day from cron'
	is "and is the host's" "$(guest 'grep -c "good day" /var/spool/cron/crontabs/cara')" 1
	refute "which others may not" login ana "crontab -l"
}

# While cron's minute comes.
check_letters() {
	login ana 'echo "the lamp is out" | mail -s lamp root' 2>"$GUEST_DIR/mail.err"
	is "mail says nothing" "$(cat "$GUEST_DIR/mail.err")" ''
	check "a letter to root, from a room" poll 6 came mail '^the lamp is out$' # Debian's exim writes to nobody as root
	is "with its sender" "$(mailbox mail '^From: ana <ana@carrel-guest>|^From: ana@carrel-guest')" 1
	login bob 'printf "To: bob\nSubject: note\n\nwater the plants\n" | /usr/sbin/sendmail -t; printf "Subject: two\n\nand the fern\n" |
		/usr/sbin/sendmail bob'
	check "by sendmail, under strict" poll 6 came bob '^water the plants$'
	check "with the address as an argument" poll 6 came bob '^and the fern$'
	login ana 'echo "feed the cat" | mail -v -s cat bob' >"$GUEST_DIR/mail.out" 2>&1
	check "mail -v, from shared to strict" poll 6 came bob '^feed the cat$'
	like "tells what becomes of it" "$(cat "$GUEST_DIR/mail.out")" 'bob'
	login ana 'for i in 1 2 3 4 5; do echo "egg $i" | mail -s egg bob; done'
	check "letters that are under way when the login ends" poll 6 eval '[ "$(mailbox bob "^egg")" = 5 ]'
	is "it is read in the room" "$(login bob 'echo x | mail' | grep -c 'note\|two\|cat')" 3
	is "no letter waits" "$(guest 'exim4 -bpc')" 0
}

check_password() {
	guest "echo ana:$OLD | chpasswd; chage -d 0 ana"
	expired ana
	like "an expired password is changed at the login" "$(tr -d '\r' <"$GUEST_DIR/passwd")" 'password updated successfully'
	unlike "chage has it" "$(guest 'chage -l ana')" 'must be changed'
	guest 'chage -d "$(date +%F)" ana'
	is "the next login is one" "$(login ana 'echo in')" in
}

check_jobs() {
	check "what ana's job prints is mailed" poll 20 came ana '^hello from cron$'
	check "to all whom MAILTO names" poll 6 came bea '^hello from cron$'
	check "and bob's, under strict" poll 6 came bob '^hello from cron$'
	check "and that of a crontab that was made in the room" poll 6 came cara '^good day from cron$'
	guest 'for u in ana bob cara; do crontab -r -u $u; done'
	is "the jobs ran in rooms" "$(mailbox ana '^pid:') $(mailbox ana "^$(guest readlink /proc/self/ns/pid | tr '[]' '..')\$")" \
		"$(mailbox ana '^hello from cron') 0"
	like "it comes from cron" "$(guest 'cat /var/mail/ana')" '^From: .*(root|ana)@carrel-guest.*Cron|^From: .*Cron ?Daemon'
	like "which mail shows in the room" "$(login ana 'printf "h\nx\n" | mail')" 'Cron <ana@carrel'
	is "mail cannot lock it, and so changes nothing" \
		"$(login ana \
		'n=$(wc -c </var/mail/ana); printf "d *\nq\n" | mail >/dev/null 2>&1; [ $(wc -c </var/mail/ana) = $n ] && echo same')" same
	is "what needs no lock clears it" "$(login ana ': >/var/mail/ana'; guest 'wc -c </var/mail/ana')" 0
}

check "users" users_make
guest 'rm -f /var/mail/*; systemctl start cron'
pam_wire sshd
pam_wire cron
conf_write <<'END'
rules = (
  { user = "cara"; policy = "tabs"; },
  { group = "students"; policy = "shared"; },
  { group = "staff"; policy = "strict"; }
);
policies = { tabs = { inherit = "shared"; errands_add = [ "crontab", "at" ]; }; };
END
needs check_jobs check_crontab
run_cases "$@" -- check_crontab check_letters check_password check_jobs
pam_unwire cron
tap_done
