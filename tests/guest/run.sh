#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites in the guest (all of them, or those named) and adds up. Usage: run.sh [SUITE[:CASE,CASE...]...]; with --shell:
# a root shell in a guest instead.
# A suite says in its head on which kinds of system it runs ("# boot: systemd plain"), and all of one kind share one
# boot. Suites are programs on this side that talk to the guest (qemu.sh).
# Environment: CARREL_BUILD; BOOT=plain runs on that kind only; GUEST_KEEP=DIRECTORY keeps console and logs there;
# GUEST=trixie: Debian 13, for which carrel is built anew, with that one's compiler and libraries, but for GUEST_NATIVE=no;
# LEAVE="SUITE..." are left out, for another run
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
repo=$(cd "$here/../.." && pwd -P)
build=$(realpath "${CARREL_BUILD:-$repo/build}")
export GUEST_DEBS=$build/deb # this host's packages, whichever Debian the guest is
SUITE_LIMIT=${SUITE_LIMIT:-2400} # seconds one suite may take
. "$here/qemu.sh"
. "$here/../lib/sum.sh"
suite_group= # of the suite that runs

boots_with() { # SUITE KIND
	grep -qE "^# boot:.* $2( |\$)" "$here/suites/${1%%:*}.sh"
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

run_once() { # SUITE REPORT [CASE...]
	set -m # a group of its own, so that a signal ends all of it, and at once: only "wait" lets a trap run
	timeout --foreground "$SUITE_LIMIT" "$here/suites/$1.sh" "${@:3}" 2>&1 </dev/null | tee "$2" &
	set +m
	suite_group=$(jobs -p %%)
	wait %%
	suite_group=
}

run_suite() { # SUITE[:CASE,CASE...]
	local start=$SECONDS name=${1%%:*} cases
	local report=$GUEST_DIR/report.$name
	IFS=, read -ra cases <<<"$(cases_in "$1")"
	echo "== guest: $1 ($GUEST_KIND)"
	run_once "$name" "$report" "${cases[@]}"
	while wants_again "$1 ($GUEST_KIND)" "$report"; do
		run_once "$name" "$report" "${cases[@]}"
	done
	add_up "$1 ($GUEST_KIND)"
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
programs=(all guest-tools)
[[ " $*" != *' units'* ]] || programs+=(unit live-c)
if builds_apart "$image"; then
	[ $# -gt 0 ] || programs+=(live-c)
	build=$build/$GUEST
	guest_make "$image" "$repo" "$build" -j "$(nproc)" "${programs[@]}" >/dev/null || exit 3
elif [ ${#programs[@]} -gt 2 ]; then
	guest_make "$image" "$repo" "$build" -j "$(nproc)" "${programs[@]}" >/dev/null || exit 3
fi
export GUEST_BUILD=$build # for the suite that runs those programs
if [ "${1-}" = --shell ]; then
	shift
	shell "$@"
	exit 0
fi
suites=("$@")
[ $# -eq 0 ] || again_left=${SUITES_AGAIN-0}
[ $# -gt 0 ] || suites=(
	smoke same manager limits usage operator budgets why names lecture escapes mail homes store kept images sandbox lifecycle
	alone own workshop unfit nested gate nat seen audit live package ansible slurm selinux units
)
for kind in ${BOOT:-systemd plain}; do
	wanted=()
	for suite in "${suites[@]}"; do
		# A full run has to end within the hour: the second boot of these is for those who ask for it.
		[ $# -gt 0 ] || ! [[ "$suite $kind" =~ ^((budgets|why|lifecycle)\ plain|(ansible|slurm|selinux)\ .*)$ ]] || continue
		[ $# -gt 0 ] || [ "$suite" != audit ] || suite=audit:open,refused,asked,su,order,rate # the others wait a minute each
		[ $# -gt 0 ] || [ "$suite" != units ] || suite=units:made
		[[ " ${LEAVE-} " != *" $suite "* ]] || continue
		! boots_with "$suite" $kind || wanted+=("$suite")
	done
	run_kind $kind "${wanted[@]}"
done
sum_up
