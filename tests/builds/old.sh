#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does each source file compile with a C library that knows neither pidfds nor the mount API (glibc 2.34)? Against this host's
# headers without <sys/pidfd.h>, with an older <sys/mount.h>, and without the newest of struct statx. What links and runs with a
# library of that age it does not show.
# Usage: old.sh BUILD COMPILER FLAG... (of make; the last ones win)
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
mkdir -p "${1:?build directory}"
headers=$(mktemp -d -p "$1") || exit 3
trap 'rm -rf "$headers"' EXIT
shift
cd "$here/../.." || exit 3
machine=$("$@" -print-multiarch 2>/dev/null | tail -n 1)
own=$("$@" -print-file-name=include)
libc=/usr/include${machine:+/$machine}
[ -e "$libc/sys/mount.h" ] || libc=/usr/include

# Each name of the C library's directory, but for sys, which is made anew.
mkdir -p "$headers/libc/sys"
ln -s "$libc"/* "$headers/libc/" 2>/dev/null
ln -s "$libc"/sys/* "$headers/libc/sys/"
rm -f "$headers"/libc/sys/{pidfd,mount,stat}.h
ln -s "$here/old/sys/mount.h" "$headers/libc/sys/mount.h"
# Nor musl 1.2.5's: see crl_statx_mount().
printf '#include "%s/sys/stat.h"\n#pragma GCC poison stx_mnt_id\n' "$libc" >"$headers/libc/sys/stat.h"
include=(-nostdinc -isystem "$own" -isystem "$headers/libc")
[ "$libc" = /usr/include ] || include+=(-isystem /usr/include)

# So that it is known that they are hidden.
for hidden in 'sys/pidfd.h>' 'sys/mount.h>
int (*f)(const char *, unsigned int) = fsopen; //'; do
	if echo "#include <$hidden" | "$@" "${include[@]}" -Wno-error -fsyntax-only -x c - 2>/dev/null; then
		echo "old: ${hidden%%>*} is the C library's own" >&2
		exit 1
	fi
done
export CCACHE_DISABLE=1
find src helper pam_module -name '*.c' -print0 |
	xargs -0 -n 40 -P "$(nproc)" "$@" "${include[@]}" -Werror -Wno-error=cpp -O0 -U_FORTIFY_SOURCE -fsyntax-only >&2
