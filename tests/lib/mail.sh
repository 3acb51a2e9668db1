# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A mailer on the stage: tests/lib/mta.c as sendmail, mailq and quota, which the machine need not have.

MAIL_SPOOL=/srv/carrel/mail

mail_start() {
	local dir
	for dir in /usr/sbin /usr/bin; do
		mkdir -p "$STAGE/over$dir" "$STAGE/work$dir"
		mount -t overlay -o "lowerdir=$dir,upperdir=$STAGE/over$dir,workdir=$STAGE/work$dir" over "$dir" ||
			die "no overlay on $dir"
	done
	chmod 0755 $STAGE/over/usr/{sbin,bin}
	rm -f /usr/sbin/sendmail /usr/bin/{mailq,quota}
	install -m 2755 -g mail "$STAGE/bin/mta" /usr/sbin/mta
	ln -s mta /usr/sbin/sendmail
	ln -s ../sbin/mta /usr/bin/mailq
	install -m 2755 -g mail "$STAGE/bin/mta" /usr/bin/quota # needs its own power as well, to say that it ran
	install -d -m 1770 -g mail "$MAIL_SPOOL"
}

# mail_taken REGEX: has the mailer a message with such a line?
mail_taken() {
	grep -lE -- "$1" "$MAIL_SPOOL"/* 2>/dev/null | grep -q .
}

# mail_said REGEX: all that it wrote about the message with such a line
mail_said() {
	local file
	file=$(grep -lE -- "$1" "$MAIL_SPOOL"/* 2>/dev/null | tail -n 1)
	[ -z "$file" ] || cat "$file"
}

mail_forget() {
	rm -f "$MAIL_SPOOL"/*
}
