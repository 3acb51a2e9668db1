#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make install and make uninstall, below a DESTDIR: exactly what belongs there, with its mode; the administrator's own
# files stay; what PAM still names is not taken away; other directories reach into what is compiled.
# Usage: check-install.sh BUILD
set -u
build=${1:?build directory}
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
fail=0
complain() { echo "install: $*" >&2; fail=1; }

run() { # TARGET [VARIABLE=VALUE...]
	"${MAKE:-make}" --no-print-directory BUILD="$build" DESTDIR="$work/root" "$@" >"$work/out" 2>&1
}

files() {
	(cd "$work/root" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

# wanted PREFIX SYSCONFDIR PAMDIR: by the repository's own files, so that none is forgotten
wanted() {
	local f
	echo "644 ${2#/}/carrel/carrel.conf"
	echo "644 ${3#/}/pam_carrel.so"
	echo "755 ${1#/}/sbin/carrelctl"
	for f in carrel-helper carrel-bus; do
		[ ! -e "$build/$f" ] || echo "755 ${1#/}/libexec/carrel/$f"
	done
	echo "644 ${1#/}/lib/systemd/system/carrel.slice"
	echo "644 ${1#/}/lib/systemd/system/user@.service.d/50-carrel.conf"
	echo "644 ${1#/}/share/bash-completion/completions/carrelctl"
	echo "644 ${1#/}/share/zsh/vendor-completions/_carrelctl"
	echo "644 ${1#/}/share/carrel/syscalls.conf"
	for f in conf/policies/*; do echo "644 ${1#/}/share/carrel/policies/${f##*/}"; done
	for f in docs/man/*; do echo "644 ${1#/}/share/man/man${f##*.}/${f##*/}"; done
}

same() { # WHAT HAVE WANT
	[ "$2" = "$3" ] || { complain "$1: < is there, > should be"; diff <(echo "$2") <(echo "$3") >&2; }
}

security=/usr/lib/$(gcc -print-multiarch)/security
run install || { complain "make install fails"; cat "$work/out" >&2; }
same "what make install lays down" "$(files)" "$(wanted /usr /etc "$security" | sort -k 2)"
[ -d "$work/root/etc/carrel/policy.d" ] || complain "no directory for drop-ins"
bash -n "$work/root/usr/share/bash-completion/completions/carrelctl" || complain "the completion of bash is no shell text"
for page in "$work"/root/usr/share/man/man?/*; do
	head -n 3 "$page" | grep -q '^\.\(TH\|Dd\)' || complain "$page is no manual page"
done

# systemd's managers of users ask the helper, with all its power: by itself the unit runs as the user.
asks() { # PREFIX
	local dropin=$work/root$1/lib/systemd/system/user@.service.d/50-carrel.conf
	[ "$(sed -n 's/^ExecCondition=//p' "$dropin")" = "+$1/libexec/carrel/carrel-helper --may-have-manager %i" ] ||
		complain "with PREFIX $1 the drop-in of user@.service does not ask the helper: $(cat "$dropin")"
}
asks /usr
for file in /usr/libexec/carrel/carrel-helper /usr/sbin/carrelctl; do
	[ -x "$work/root$file" ] || complain "no $file for the drop-in of user@.service"
done
grep -qF /usr/sbin/carrelctl "$work/root/usr/libexec/carrel/carrel-helper" || complain "the helper does not know where carrelctl is"

# An upgrade leaves the administrator's files alone.
conf=$work/root/etc/carrel/carrel.conf
echo '# mine' >"$conf"
echo '# mine, too' >"$work/root/etc/carrel/policy.d/site.conf"
run install || complain "a second make install fails"
[ "$(cat "$conf")" = '# mine' ] || complain "make install writes over carrel.conf"

# A stack that names the module would lock everybody out without it.
mkdir "$work/root/etc/pam.d"
echo 'session requisite pam_carrel.so open' >"$work/root/etc/pam.d/sshd"
before=$(files)
run uninstall && complain "make uninstall goes on though a PAM stack names the module"
grep -q 'etc/pam.d/sshd' "$work/out" || complain "make uninstall does not say which stack names the module"
same "after an uninstall that was refused" "$(files)" "$before"
rm -r "$work/root/etc/pam.d"
run uninstall || complain "make uninstall fails"
same "what make uninstall leaves" "$(files)" '644 etc/carrel/carrel.conf
644 etc/carrel/policy.d/site.conf'

# Where libpam would not find the module nothing is installed, nor taken away.
rm -rf "$work/root"
for refused in PREFIX=/usr/local LIBPAM_DIR=; do
	run install "$refused" && complain "make install goes on with $refused, and libpam finds no module"
	grep -q 'PAMDIR=' "$work/out" || complain "make install does not ask for PAMDIR with $refused"
	same "after an install that was refused" "$(files 2>/dev/null)" ""
	run uninstall "$refused" && complain "make uninstall goes on with $refused"
done

# Other directories: products that were built for the usual ones are built anew, in a copy.
rm -rf "$work/root"
mkdir "$work/build"
cp -pr "$build/obj" "$work/build/"
find "$build" -maxdepth 1 -type f -exec cp -p -t "$work/build" {} +
build=$work/build
run install PREFIX=/opt/c SYSCONFDIR=/opt/etc PAMDIR=/lib/security || { complain "with a PREFIX it fails"; cat "$work/out" >&2; }
same "with PREFIX, SYSCONFDIR and PAMDIR" "$(files)" "$(wanted /opt/c /opt/etc /lib/security | sort -k 2)"
for text in /opt/c/libexec/carrel/carrel-helper /opt/etc/carrel/carrel.conf; do
	grep -qF "$text" "$work/root/lib/security/pam_carrel.so" || complain "the module does not look at $text"
done
grep -qF /lib/security/pam_carrel.so "$work/root/opt/c/sbin/carrelctl" || complain "carrelctl does not know the module's path"
grep -qF /opt/c/share/carrel "$work/root/opt/c/libexec/carrel/carrel-helper" || complain "the helper does not look below PREFIX"
asks /opt/c
grep -qF /opt/c/sbin/carrelctl "$work/root/opt/c/libexec/carrel/carrel-helper" || complain "with a PREFIX the helper asks another carrelctl"
run uninstall PREFIX=/opt/c SYSCONFDIR=/opt/etc PAMDIR=/lib/security || complain "uninstall with a PREFIX fails"
same "what uninstall with a PREFIX leaves" "$(files)" '644 opt/etc/carrel/carrel.conf'
[ ! -e "$work/root/opt/c/lib/systemd/system/user@.service.d" ] || complain "uninstall leaves user@.service.d"
exit $fail
