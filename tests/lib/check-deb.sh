#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages, built in BUILD/deb: lintian, what is in them, flags, and the same bytes from another directory, umask
# and time zone, without git. Beside them comes the next version, for the guest's suite "package".
# Usage: check-deb.sh BUILD VERSION. Environment: DEB_AGAIN=N: elsewhere each Nth file is compiled again (8), 1 for all
set -u
unset MAKEFLAGS MFLAGS # dpkg-buildpackage and make know the processors themselves
mkdir -p "${1:?build directory}/deb"
deb=$(cd "$1/deb" && pwd -P) version=$2
next=${version%.*}.$((${version##*.} + 1))
cd "$(dirname "$0")/../.." || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
fail=0
export DEB_BUILD_OPTIONS=nocheck # make check has the unit tests

complain() { echo "deb: $*" >&2; fail=1; }
same() { # WHAT HAVE WANT
	[ "$2" = "$3" ] || { complain "$1: < is there, > should be"; diff <(echo "$2") <(echo "$3") >&2; }
}

rm -f "$deb/ready"
${MAKE:-make} --no-print-directory BUILD="${deb%/deb}" deb >/dev/null || exit 1
package=$(ls "$deb"/carrel_"$version"-*_*.deb)

# ---- who builds on a host of theirs installs by deps.sh --build what dpkg-buildpackage asks for
for p in $(sed -n '/^Build-Depends:/,/^Standards/p' conf/debian/control | grep -oE '\b(debhelper|lib[a-z0-9-]+-dev)\b'); do
	tests/lib/deps.sh --build --list | grep -qx "$p" || complain "tests/lib/deps.sh --build: no $p, which Build-Depends has"
done

# ---- the same again, from the tar ball, elsewhere. A compiler takes as long as all the rest; so of the objects each Nth is
# compiled again, from one that changes, and the others are taken over. That none of those has the time in it is -Wdate-time's
# to say, that none has the directory is -ffile-prefix-map's doing; the log has both, below.
every=${DEB_AGAIN:-8} first=$((RANDOM % ${DEB_AGAIN:-8}))
cp -a "$deb/carrel-$version/build/obj" "$work/objects"
rm -f $(find "$work/objects" -name '*.o' | sort | awk -v every="$every" -v first="$first" 'NR % every == first')
echo "deb: of the objects each ${every}th is compiled again, from the $((first == 0 ? every : first))th"
tar -C "$work" -xf "$deb/carrel_$version.orig.tar.gz"
(umask 077; TZ=Pacific/Apia LC_ALL=C.UTF-8 CARREL_OBJECTS="$work/objects" \
	"$work/carrel-$version/conf/make-deb.sh" "$work/again" "$version" \
	"$(cat "$work/carrel-$version/RELEASE")") || complain "cannot be built from its own tar ball"
for file in "$deb"/*_"$version"-*.deb "$deb/carrel_$version.orig.tar.gz"; do
	cmp "$file" "$work/again/${file##*/}" >&2 || complain "${file##*/} is not the same when it is built elsewhere"
done

# ---- what lintian says
(cd "$deb" && lintian --fail-on error,warning carrel_"$version"-*.changes 2>"$work/lintian.err") >&2 ||
	complain "lintian complains ($(tail -n 1 "$work/lintian.err"))"

# ---- what is in it
dpkg-deb --fsys-tarfile "$package" | tar -C "$work" -x --one-top-level=root
dpkg-deb --control "$package" "$work/control"
same "conffiles" "$(cat "$work/control/conffiles")" /etc/carrel/carrel.conf
same "files below /etc" "$(cd "$work/root" && find etc ! -type d)" etc/carrel/carrel.conf
[ -z "$(find "$work/root" -name '*.wants')" ] || complain "a unit is enabled"
! grep -rnI '@[A-Z]*@' "$work/root/usr/lib" >&2 || complain "a file has a directory that nobody has filled in"
[ -z "$(find "$work/root" -perm /6000)" ] || complain "a file has a set-id bit"
wanted=$(for f in carrel carrel-shell carrelctl carrel-helper carrel-steward carrel-keeper carrel-errand carrel-bus carrel-net \
	carrel-caps pam_carrel.so; do echo $f; done | sort)
programs=$(find "$work/root" -type f | while read -r f; do [ "$(head -c 4 "$f" | tr -d '\0')" != $'\x7fELF' ] || echo "$f"; done)
same "programs" "$(sed 's|.*/||' <<<"$programs" | sort)" "$wanted"
dpkg-deb --contents "$(ls "$deb"/carrel-dbgsym_"$version"-*_*.deb)" >"$work/symbols"
for f in $programs; do
	! readelf -SW "$f" | grep -q ' \.symtab' || complain "$f is not stripped"
	id=$(readelf -nW "$f" | sed -n 's/.*Build ID: //p')
	grep -q "/${id:0:2}/${id:2}\.debug\$" "$work/symbols" || complain "the symbols of $f are not in the package of symbols"
done
for f in carrelctl carrel-helper; do
	[ "$("$(grep "/$f\$" <<<"$programs")" --version | sed -n 's/^build //p')" = "$(dpkg-deb -f "$package" Version)" ] ||
		complain "$f --version does not name the package's version"
done
field=$(dpkg-deb -f "$package" | grep -o '^Static-Built-Using' || echo Built-Using)
same "sources that are in it" "$(dpkg-deb -f "$package" "$field" | sed 's/ (= [^)]*)//g')" 'glibc, libcap2, libconfig, libseccomp'

# ---- flags, by the log: each file is compiled and each program linked with them (carrel-caps has no C library to fail into)
compiled=$(grep -E '^(x86_64-linux-gnu-)?gcc .* -c ' "$deb/log" | grep -v 'obj/src/caps/')
[ "$(wc -l <<<"$compiled")" -gt 300 ] || complain "the log has only $(wc -l <<<"$compiled") compilations"
for flag in -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Werror=format-security -Wdate-time -ffile-prefix-map -fPI -fcf-protection; do
	[ "$(uname -m) $flag" != "aarch64 -fcf-protection" ] || continue
	[ -z "$(grep -vF -- "$flag" <<<"$compiled")" ] || complain "compiled without $flag: $(grep -vF -- "$flag" <<<"$compiled" |
		grep -o '[^ ]*\.c$' | head -n 3 | xargs)"
done
! grep -m 3 -e '-Wdate-time\]' "$deb/log" >&2 || complain "a file has the time of its compilation in it"
linked=$(grep -E '^(x86_64-linux-gnu-)?gcc .* -o build/(carrel|pam_)[a-z_.-]* ' "$deb/log")
for flag in -z,relro now pie; do
	[ -z "$(grep -vF -- "$flag" <<<"$linked" | grep -v -- -shared)" ] || complain "linked without $flag"
done

# ---- the next version, for upgrades
DEB_MAINTAINER='A & B <a+b@example.invalid>' conf/make-deb.sh "$deb" "$version" '' "$next-1" ||
	complain "the next version cannot be built"
same "DEB_MAINTAINER" "$(dpkg-deb -f "$(ls "$deb"/carrel_"$next"-1_*.deb)" Maintainer)" 'A & B <a+b@example.invalid>'
[ $fail -eq 0 ] && touch "$deb/ready"
exit $fail
