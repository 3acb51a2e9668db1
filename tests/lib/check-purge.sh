#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What "apt purge" takes for users' data is what the store has: each place that src/store names, with an entry in it, keeps
# the store; one without any is nobody's.
set -u
cd "$(dirname "$0")/../.." || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
fail=0
complain() { echo "purge: $*" >&2; fail=1; }

function=$(sed -n '/^is_data_there() {$/,/^}$/p' conf/debian/carrel.postrm)
[ -n "$function" ] || { complain "conf/debian/carrel.postrm: no is_data_there()"; exit 1; }
data_in() { # DIRECTORY
	store=$1 sh -c "$function"'; is_data_there'
}

mapfile -t places < <(sed -nE 's/^#define CRL_(STORE_HOMES|STORE_ROOTS|STORE_ORPHANS|IMAGES_DIR) "(.*)"$/\2/p' src/store/*.h)
[ ${#places[@]} = 4 ] || complain "src/store/*.h: found ${#places[@]} places, expected 4: ${places[*]}"
data_in "$work/none" && complain "a store that was never made has data"
for place in "${places[@]}"; do
	mkdir -p "$work/$place/$place"
	touch "$work/$place/$place/lock"
	data_in "$work/$place" && complain "$place: found data in a place without entries"
	mkdir "$work/$place/$place/4242"
	data_in "$work/$place" || complain "$place: an entry is not taken for data: purge would delete it"
done
exit $fail
