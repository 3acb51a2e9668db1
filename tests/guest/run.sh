#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites in the guest (all of them, or those named) and adds up. Usage: run.sh [SUITE...]; with --shell: a root shell in a guest instead.
# A suite says in its head on which kinds of system it runs ("# boot: systemd plain"), and all of one kind share one
# boot. Suites are programs on this side that talk to the guest (qemu.sh).
# Environment: CARREL_BUILD; BOOT=plain runs on that kind only; GUEST_KEEP=DIRECTORY keeps console and logs there
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
repo=$(cd "$here/../.." && pwd -P)
build=$(realpath "${CARREL_BUILD:-$repo/build}")
SUITE_LIMIT=${SUITE_LIMIT:-2400} # seconds one suite may take
. "$here/qemu.sh"
. "$here/../lib/sum.sh"
suite_group= # of the suite that runs

boots_with() { # SUITE KIND
	grep -qE "^# boot:.* $2( |\$)" "$here/suites/$1.sh"
}

start() { # KIND
	export GUEST_DIR GUEST_KIND=$1
	GUEST_DIR=$(mktemp -d /tmp/carrel-guest-XXXXXX)
	guest_start "$1" "$image" "$repo" "$build"
}

end() {
	[ -z "$suite_group" ] || kill -- "-$suite_group"
	guest_end
	if [ -n "${GUEST_KEEP-}" ] && [ -d "${GUEST_DIR-}" ]; then
		mkdir -p "$GUEST_KEEP"
		cp "$GUEST_DIR"/{console,qemu.log,report.*} "$GUEST_KEEP/" 2>/dev/null
	fi
	[ -z "${GUEST_DIR-}" ] || rm -rf "$GUEST_DIR"
	GUEST_DIR=
}

run_suite() { # SUITE
	local start=$SECONDS report=$GUEST_DIR/report.$1
	echo "== guest: $1 ($GUEST_KIND)"
	set -m # a group of its own, so that a signal ends all of it, and at once: only "wait" lets a trap run
	timeout --foreground "$SUITE_LIMIT" "$here/suites/$1.sh" 2>&1 </dev/null | tee "$report" &
	set +m
	suite_group=$(jobs -p %%)
	wait %%
	suite_group=
	add_up "$1 ($GUEST_KIND)" "$report"
	echo "== guest: $1 took $((SECONDS - start)) s"
}

run_kind() { # KIND SUITE...
	local kind=$1 start=$SECONDS suite
	shift
	[ $# -gt 0 ] || return 0
	if ! start "$kind"; then
		add_failed "a guest with $kind boots" $#
		end
		return
	fi
	echo "== guest: up with $kind after $((SECONDS - start)) s"
	for suite; do
		run_suite "$suite"
	done
	end
}

shell() {
	start "${1:-systemd}" || exit 3
	echo "carrel is installed, not wired into PAM; from another terminal: ssh -F $GUEST_DIR/ssh_config USER@door"
	ssh -tt -F "$GUEST_DIR/ssh_config" -o LogLevel=QUIET control
}

trap end EXIT
trap 'exit 130' INT TERM HUP
image=$("$here/image.sh") || exit 3
exec 7<"$image/lock" && flock --shared 7 || exit 3 # another checkout's run does not remove it meanwhile
[ "${1-}" != --image ] || exit 0
if [ "${1-}" = --shell ]; then
	shift
	shell "$@"
	exit 0
fi
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(smoke manager limits usage operator budgets why names lecture escapes homes lifecycle live)
for kind in ${BOOT:-systemd plain}; do
	wanted=()
	for suite in "${suites[@]}"; do
		# A full run has to end within the hour: this one's second boot is for those who ask for it.
		[ $# -gt 0 ] || [ "$suite $kind" != "budgets plain" ] || continue
		! boots_with "$suite" $kind || wanted+=("$suite")
	done
	run_kind $kind "${wanted[@]}"
done
sum_up
