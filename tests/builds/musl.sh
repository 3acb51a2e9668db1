#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does each source file compile with musl's headers? Those of the kernel and of the libraries are this host's, behind musl's.
# What links and runs with musl it does not show: the libraries here are built for glibc.
# Usage: musl.sh BUILD FLAG... (of make)
set -u
cd "$(dirname "$0")/../.." || exit 3
mkdir -p "${1:?build directory}"
headers=$(mktemp -d -p "$1") || exit 3
trap 'rm -rf "$headers"' EXIT
shift
machine=$(gcc -print-multiarch)

mkdir "$headers/sys"
for name in linux asm asm-generic security sys/capability.h seccomp.h seccomp-syscalls.h libconfig.h systemd nftables; do
	for dir in /usr/include "/usr/include/$machine"; do
		[ ! -e "$dir/$name" ] || ln -s "$dir/$name" "$headers/$name" || exit 3
	done
done
if ! echo '#include <features.h>
#ifdef __GLIBC__
#error "these headers are glibc'"'"'s"
#endif' | musl-gcc -idirafter "$headers" -fsyntax-only -x c -; then
	exit 3
fi
find src helper pam_module -name '*.c' -print0 |
	xargs -0 -n 40 musl-gcc "$@" -idirafter "$headers" -Werror -O0 -U_FORTIFY_SOURCE -fsyntax-only
