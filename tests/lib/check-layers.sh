#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The direction of dependency: includes may only point down, and the module links nothing but libc and libpam.
set -u
build=${1:?build directory}
fail=0
complain() { echo "$*" >&2; fail=1; }

# layer: the layers that it may include
declare -A may=(
	[src/proto]="proto"
	[src/base]="base proto"
	[src/policy]="policy base proto"
	[src/plan]="plan policy base proto"
	[src/state]="state plan policy base proto"
	[src/apply]="apply plan policy base proto"
	[src/door]="door proto"
	[pam_module]="door proto pam_module"
	[src/ctl]="door apply state plan policy base proto ctl"
	[helper]="apply state plan policy base proto helper"
)
for dir in "${!may[@]}"; do
	while IFS=: read -r file line; do
		layer=${line#*\"}
		layer=${layer%%/*}
		[[ " ${may[$dir]} " == *" $layer "* ]] || complain "$file: $line: $dir may not use $layer"
	done < <(grep -Ho '#include "[a-z_]*/' "$dir"/*.[ch] 2>/dev/null)
done

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }
if ! readelf -sW "$build/pam_carrel.so" | grep -q __asan_init; then
	[[ $(needed "$build/pam_carrel.so") == "libc.so.6 libpam.so.0 " ]] ||
		complain "pam_carrel.so links $(needed "$build/pam_carrel.so")"
	[[ -z $(needed "$build/carrel-helper") ]] || complain "carrel-helper is not static: $(needed "$build/carrel-helper")"
fi
[[ -u $build/carrel-helper || -g $build/carrel-helper ]] && complain "carrel-helper has a set-id bit"
exit $fail
