#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the live tests and adds up. Usage: run.sh [SUITE[:CASE,CASE...]...], e.g. run.sh doors why:told,operator
set -u
here=$(dirname "$0")
names=("$@")
[ $# -eq 0 ] || SUITES_AGAIN=${SUITES_AGAIN-0}
[ $# -gt 0 ] || names=(
	inside own workshop nest calls doors forwards same share linger grace whose other environment apps who wall refuse crash hung
	sweep silent hostsafe policies matrix net gate netpub netguard netns names accounts sandbox template ctl operator trust
	needs manual tutorial top pager enter rehearse try why seen show view kept keeper roots image fault errand control take
	follow homecmd hardhome shell alone ambient learn hpc ansible
)
. "$here/../lib/sum.sh"
trap 'exit 130' INT
report=$(mktemp) || exit 3
trap 'rm -f "$report"' EXIT

run_suite() { # SUITE CASE...
	# A bound, so that one that hangs is named, and not the whole run lost.
	timeout -k 30 "$((900 * ${CARREL_PATIENCE:-2}))" "$here/$1.sh" "${@:2}" 2>&1 | tee "$report"
}

for name in "${names[@]}"; do
	start=$SECONDS
	echo "== $name"
	IFS=, read -ra cases <<<"$(cases_in "$name")"
	name=${name%%:*}
	run_suite "$name" "${cases[@]}"
	while wants_again "$name" "$report"; do
		run_suite "$name" "${cases[@]}"
	done
	add_up "$name"
	echo "== $name took $((SECONDS - start)) s"
done
sum_up
