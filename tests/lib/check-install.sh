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

# The usual directories, whatever others the make above was told: it hands them on in the environment and in MAKEFLAGS.
for name in PREFIX SYSCONFDIR SBINDIR BINDIR MANDIR DATADIR LIBEXECDIR STATEDIR STOREDIR BASHCOMPDIR ZSHCOMPDIR UNITDIR \
	NETWORKDIR PAMDIR SYSUSERSDIR TMPFILESDIR PRESETDIR DOCDIR; do
	unset "$name"
	MAKEFLAGS=$(sed -E "s/(^| )$name=[^ ]*//g" <<<"${MAKEFLAGS-}")
done
export MAKEFLAGS

# In a copy, since products that were built for other directories are built anew.
mkdir "$work/build"
cp -pr "$build/obj" "$work/build/"
find "$build" -maxdepth 1 -type f -exec cp -p -t "$work/build" {} +
build=$work/build

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
	echo "755 ${1#/}/bin/carrel"
	echo "755 ${1#/}/bin/carrel-shell"
	for f in carrel-helper carrel-bus carrel-net carrel-steward carrel-errand carrel-keeper carrel-caps; do
		[ ! -e "$build/$f" ] || echo "755 ${1#/}/libexec/carrel/$f"
	done
	echo "644 ${1#/}/lib/systemd/system/carrel.slice"
	for f in conf/systemd/*.{service,timer,socket}; do echo "644 ${1#/}/lib/systemd/system/${f##*/}"; done
	echo "644 ${1#/}/lib/systemd/system/user@.service.d/50-carrel.conf"
	echo "644 ${1#/}/lib/systemd/network/10-carrel.network"
	echo "644 ${1#/}/lib/NetworkManager/conf.d/90-carrel.conf"
	echo "644 ${1#/}/lib/systemd/system-preset/50-carrel.preset"
	echo "644 ${1#/}/lib/sysusers.d/carrel.conf"
	echo "644 ${1#/}/lib/tmpfiles.d/carrel.conf"
	for f in README.md LICENSE docs/*.md; do echo "644 ${1#/}/share/doc/carrel/${f##*/}"; done
	echo "644 ${1#/}/share/bash-completion/completions/carrelctl"
	echo "644 ${1#/}/share/zsh/vendor-completions/_carrelctl"
	echo "644 ${1#/}/share/carrel/syscalls.conf"
	for f in conf/policies/*; do echo "644 ${1#/}/share/carrel/policies/${f##*/}"; done
	for f in $(cd conf && find ansible -type f); do echo "644 ${1#/}/share/carrel/$f"; done
	for f in conf/monitoring/*; do echo "644 ${1#/}/share/carrel/monitoring/${f##*/}"; done
	for f in conf/selinux/*; do echo "644 ${1#/}/share/carrel/selinux/${f##*/}"; done
	for f in docs/man/*; do echo "644 ${1#/}/share/man/man${f##*.}/${f##*/}"; done
}

same() { # WHAT HAVE WANT
	[ "$2" = "$3" ] || { complain "$1: < is there, > should be"; diff <(echo "$2") <(echo "$3") >&2; }
}

security=/usr/lib/$(gcc -print-multiarch)/security
name=a-name
run install BUILD_NAME=$name || { complain "make install fails"; cat "$work/out" >&2; }
same "what make install lays down" "$(files)" "$(wanted /usr /etc "$security" | sort -k 2)"
[ -d "$work/root/etc/carrel/policy.d" ] || complain "no directory for drop-ins"
grep -qx 'ExecStart=/usr/sbin/carrelctl gc' "$work/root/usr/lib/systemd/system/carrel-tidy.service" ||
	complain "a unit starts something else"
# Which build it is tells every program but those that stand for others: carrel-shell and carrel-caps.
for program in usr/sbin/carrelctl usr/bin/carrel usr/libexec/carrel/carrel-{helper,steward,keeper,errand,bus,net}; do
	[ ! -e "$work/root/$program" ] || "$work/root/$program" --version 2>&1 | grep -qx "build $name" ||
		complain "$program --version does not tell that it is build $name"
done
[ -z "$(find "$work/root" -name '*.wants')" ] || complain "a unit is enabled"
for unit in conf/systemd/*.{timer,socket}; do
	off=
	for pattern in $(sed -n 's/^disable //p' "$work/root/usr/lib/systemd/system-preset/50-carrel.preset"); do
		[[ ${unit##*/} != $pattern ]] || off=yes
	done
	[ -n "$off" ] || complain "no preset says that ${unit##*/} is off"
done
! grep -rn '@[A-Z]*@' "$work"/root/usr/lib/{systemd,sysusers.d,tmpfiles.d} >&2 ||
	complain "a unit has a directory that nobody has filled in"
bash -n "$work/root/usr/share/bash-completion/completions/carrelctl" || complain "the completion of bash is no shell text"
# Each command's options, as its --help has them, are offered; zsh offers all of them always.
offered() { # COMMAND
	(. conf/completion/carrelctl.bash
	COMP_WORDS=(carrelctl "$1" --) COMP_CWORD=2
	_carrelctl
	printf '%s\n' "${COMPREPLY[@]}")
}
for command in $("$work/root/usr/sbin/carrelctl" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	for option in $("$work/root/usr/sbin/carrelctl" "$command" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u); do
		grep -qF -- "'$option[" conf/completion/_carrelctl || grep -qF -- "'*$option[" conf/completion/_carrelctl ||
			complain "zsh does not offer $option, which carrelctl $command has"
		offered "$command" | grep -qx -- "$option" || complain "bash does not offer $option of carrelctl $command"
	done
done
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
install -D -m 0644 "$conf" "$work/root/etc/carrel/profiles/site.conf"
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
644 etc/carrel/policy.d/site.conf
644 etc/carrel/profiles/site.conf'

# Where libpam would not find the module nothing is installed, nor taken away.
rm -rf "$work/root"
for refused in PREFIX=/usr/local LIBPAM_DIR=; do
	run install "$refused" && complain "make install goes on with $refused, and libpam finds no module"
	grep -q 'PAMDIR=' "$work/out" || complain "make install does not ask for PAMDIR with $refused"
	same "after an install that was refused" "$(files 2>/dev/null)" ""
	run uninstall "$refused" && complain "make uninstall goes on with $refused"
done

# Login shells: nothing is made where there is no list; in one that is there the shell is once, behind what was there, and
# goes again; the list keeps its mode.
rm -rf "$work/root"
shells=$work/root/etc/shells
run install || complain "make install fails without a list of login shells"
[ ! -e "$shells" ] || complain "make install begins a list of login shells"
printf '# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/carrel-shellx\n/bin/bash' >"$shells"
chmod 0640 "$shells"
before=$(cat "$shells")
run install && run install || complain "make install fails with a list of login shells"
[ "$(cat "$shells")" = "$before"$'\n/usr/bin/carrel-shell' ] || complain "the list of login shells: $(cat "$shells")"
[ "$(stat -c %a "$shells")" = 640 ] || complain "the list of login shells has another mode"
run uninstall || complain "make uninstall fails with a list of login shells"
[ "$(cat "$shells")" = "$before" ] || complain "make uninstall leaves of the list: $(cat "$shells")"

# Other directories: products that were built for the usual ones are built anew.
rm -rf "$work/root"
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
