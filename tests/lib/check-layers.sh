#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The direction of dependency: includes may only point down, and the module links nothing but libc and libpam. What has
# one place in the tree has no second.
set -u
build=${1:?build directory}
fail=0
complain() { echo "$*" >&2; fail=1; }

# layer: the layers that it may include
declare -A may=(
	[src/base]="base"
	[src/wire]="wire base"
	[src/layers]="layers wire base"
	[src/policy]="policy wire base"
	[src/plan]="plan policy wire base"
	[src/store]="store layers wire base"
	[src/state]="state store plan policy wire base"
	[src/apply]="apply store plan policy wire base"
	[src/door]="door wire base"
	[pam_module]="door wire base pam_module"
	[src/ctl]="door apply store state plan policy layers wire base ctl"
	[helper]="apply store state plan policy layers wire base helper"
	[helper/errand]="wire base helper"
	[src/user]="apply state plan policy wire base user"
	[src/caps]="caps"
	[src/shell]="door apply state store plan policy wire base shell"
)
for dir in "${!may[@]}"; do
	while IFS=: read -r file line; do
		layer=${line#*\"}
		layer=${layer%%/*}
		[[ " ${may[$dir]} " == *" $layer "* ]] || complain "$file: $line: $dir may not use $layer"
	done < <(find "$dir" -name '*.[ch]' -exec grep -Ho '#include "[a-z_]*/' {} +)
done

# Whoever takes descriptors from a socket takes them by the one receiver, which has every check. No descriptor comes by the
# error queue of an internet socket, which probe_network.c reads.
for file in $(grep -rlE '\brecvm?msg\(' src helper pam_module --include='*.[ch]'); do
	[[ $file == src/wire/fds.c || $file == src/ctl/rehearse/probe_network.c ]] ||
		complain "$file: descriptors are taken by src/wire/fds.c alone"
done

# The protocol's automaton is one table: each phase belongs to one receive call, and no call has a mask of its own.
products=$(find src helper pam_module -name '*.[ch]' ! -path 'src/wire/phases.*')
for phase in $(grep -oE 'CRL_PHASE_[A-Z_]+' src/wire/phases.h | grep -v CRL_PHASE_COUNT | sort -u); do
	[[ $(cat $products | grep -cw "$phase") == 1 ]] || complain "$phase: not named by one receive call"
done
for file in $(grep -lE 'CRL_ACCEPT|struct crl_phase\)' $products); do
	[[ $file == src/wire/fdpass.c ]] || complain "$file: what a phase accepts says src/wire/phases.c"
done

# Rooms are entered by src/door. What is left looks at one namespace, or tries whether it can.
entering="src/door/origin.c src/door/power.c src/apply/mounts/renew.c src/ctl/look/held.c src/ctl/rehearse/probe_reach.c"
entering+=" src/store/hostns.c src/shell/join.c src/shell/alone/kept.c src/ctl/rehearse/room_root.c src/ctl/rehearse/other_room.c"
for file in $(grep -rlE '\bsetns\([^)]' pam_module src --include='*.c'); do
	[[ " $entering " == *" $file "* ]] || complain "$file: a room is entered by src/door/origin.c"
done

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }
if ! readelf -sW "$build/pam_carrel.so" | grep -q __asan_init; then
	[[ $(needed "$build/pam_carrel.so") == "libc.so.6 libpam.so.0 " ]] ||
		complain "pam_carrel.so links $(needed "$build/pam_carrel.so")"
	for static in carrel-helper carrel-steward carrel-errand carrel-keeper carrel carrel-shell carrel-caps; do
		[[ -z $(needed "$build/$static") ]] || complain "$static is not static: $(needed "$build/$static")"
	done
fi
for plain in carrel-keeper carrel carrel-shell carrel-caps; do
	[[ -u $build/$plain || -g $build/$plain ]] && complain "$plain has a set-id bit"
done
[[ -u $build/carrel-errand || -g $build/carrel-errand ]] && complain "carrel-errand has a set-id bit"
[[ -u $build/carrel-helper || -g $build/carrel-helper ]] && complain "carrel-helper has a set-id bit"
exit $fail
