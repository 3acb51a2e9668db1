#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What programs get that ask files for power, each tried for real by who runs this: one line each,
# "KIND UID EFFECTIVE-UID PERMITTED AMBIENT NO_NEW_PRIVS", or "KIND refused". The kinds are files of $1, made by
# tests/live/ambient.sh; the first line is this process's own: "self INHERITABLE PERMITTED BOUNDING AMBIENT NO_NEW_PRIVS".
dir=$1

fields() { # NAMES: of the status that is read
	awk -v want="$*" '{ v[$1] = $1 == "Uid:" ? $2 " " $3 : $2 } END { n = split(want, w, " ")
		for (i = 1; i <= n; i++) printf "%s%s", v[w[i] ":"], i < n ? " " : "\n" }'
}

try() { # KIND COMMAND...
	local kind=$1 out
	shift
	out=$("$@" /proc/self/status 2>/dev/null) || { echo "$kind refused"; return; }
	echo "$kind $(fields Uid CapPrm CapAmb NoNewPrivs <<<"$out")"
}

echo "self $(fields CapInh CapPrm CapBnd CapAmb NoNewPrivs </proc/$$/status)"
for kind in suid ep p ei all; do
	try $kind "$dir/$kind"
done
for kind in suid ep ei; do
	try "home-$kind" "$HOME/$kind"
done
[ -e /run/carrel/bin/caps ] || exit 0
try caps /run/carrel/bin/caps cat
for kind in suid ep ei all; do
	try "caps-$kind" /run/carrel/bin/caps "$dir/$kind"
done
try caps-caps /run/carrel/bin/caps /run/carrel/bin/caps cat
cp /run/carrel/bin/caps "$HOME/copy"
try copy "$HOME/copy" -t cat
