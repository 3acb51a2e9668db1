#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Adds a program to a list of login shells, or takes it out, for make install and uninstall. The list is changed in its
# place: it keeps owner and mode. Where there is none, shells(5) has the system's own, and nothing is made.
# Usage: login-shells.sh add|remove LIST PROGRAM
set -eu
what=$1 list=$2 program=$3
[ -f "$list" ] || exit 0
has() { grep -qxF -- "$program" "$list"; }

case $what in
add)
	has && exit 0
	# A last line without its end would run into ours.
	[ -z "$(tail -c 1 "$list")" ] || echo >>"$list"
	echo "$program" >>"$list"
	;;
remove)
	has || exit 0
	rest=$(grep -vxF -- "$program" "$list" || :)
	printf '%s\n' "$rest" >"$list"
	;;
*)
	echo "usage: $0 add|remove LIST PROGRAM" >&2
	exit 2
	;;
esac
