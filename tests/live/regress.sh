#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# OpenSSH's own session tests (Debian's openssh-tests), run as the user whose policy it is, against the same sshd without
# carrel and with it: what is red in a room only is named below with its reason, and in docs/testing.md.
# Named only (make check-clients): it takes minutes. REGRESS="connect transfer" names scripts.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"

COLUMNS_=(bare shared dev)
SUITE=/usr/lib/openssh/regress
DIR=${CLIENTS_KEEP:-$STAGE/regress}
SCRIPTS=${REGRESS:-connect proxy-connect connect-privsep connect-uri exit-status exit-status-signal envpass transfer banner
	stderr-data stderr-after-eof broken-pipe yes-head login-timeout agent-subprocess key-options forcecommand scp scp3 scp-uri
	sftp sftp-cmds sftp-badcmds sftp-batch sftp-glob sftp-perm sftp-uri sftp-chroot reconfigure brokenkeys percent localcommand
	keys-command principals-command connection-timeout channel-timeout multiplex forwarding dynamic-forward forward-control
	hostkey-rotate agent agent-restrict}

# SCRIPT POLICY...: red there, for a reason that is not a fault
EXPECTED=(
	'multiplex shared'          # network none: forwards end in the room
	'forwarding shared'         # the same
	'dynamic-forward shared'    # the same
	'forward-control shared'    # the same; and it kills by a pid that it has read inside
	'agent shared dev'          # starts a second sshd by sudo from inside the login
	'agent-restrict shared dev' # the same
	'sftp-chroot shared dev'    # its directory is /var/run, which is the room's own /run
	'hostkey-rotate shared dev' # FIDO host keys: docs/policies.md
)

regress_config() {
	local p
	{
		echo "data_dir = \"$STAGE/data\"; rules = ("
		echo "  { user = \"u-shared\"; policy = \"measured-shared\"; }, { user = \"u-dev\"; policy = \"measured-dev\"; } );"
		echo "policies = {"
		for p in shared dev; do
			echo "  measured-$p = { inherit = \"$p\"; features = { limits = \"off\"; }; };"
		done
		echo '};'
	} >/etc/carrel/carrel.conf
}

regress_host() {
	local c
	mkdir -p "$DIR"
	regress_config
	pam_stack sudo bare
	sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/sudo
	echo '%users ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/regress
	for c in "${COLUMNS_[@]}"; do
		useradd -M -N -g users -s /bin/bash -c '' "u-$c"
		install -d -m 0700 -o "u-$c" -g users "/home/u-$c"
		cp -a $SUITE "/home/u-$c/regress"
		chown -R "u-$c:users" "/home/u-$c/regress"
	done
}

# As the user, in a network of its own, since the scripts' ports are the same in each column.
script() { # COLUMN SCRIPT
	local home=/home/u-$1 sshd=/usr/sbin/sshd service=
	if [ "$1" = bare ]; then
		sshd=$STAGE/bin/sshd-bare
		service=$(sshd_service sshd-bare $STAGE/keys/host | sed 's/^-o//; s/=/ /')
	fi
	unshare --net bash -c 'ip link set lo up && exec setpriv --reuid "$0" --regid users --init-groups "$@"' "u-$1" \
		env -i HOME="$home" USER="u-$1" LOGNAME="u-$1" PATH="$PATH" SUDO=sudo TEST_SHELL=sh TEST_SSH_SSH=ssh \
		TEST_SSH_SSHD=$sshd TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server TEST_SSH_UNSAFE_PERMISSIONS=1 \
		TEST_SSH_QUIET=no TEST_SSH_SSHD_CONFOPTS="$service" OBJ="$home/regress" BUILDDIR="$home/regress" \
		timeout -k 5 $((60 * CARREL_PATIENCE)) sh -c 'cd "$OBJ" && sh ./test-exec.sh "$OBJ" "$OBJ/$0.sh"' "$2" </dev/null
}

column() { # COLUMN
	local name rc
	for name in $SCRIPTS; do
		script "$1" "$name" >"$DIR/out.$1.$name" 2>&1
		rc=$?
		if grep -q '^SKIPPED' "$DIR/out.$1.$name"; then
			echo "$name skip"
		elif [ $rc -eq 0 ]; then
			echo "$name ok"
		else
			echo "$name red"
		fi
	done >"$DIR/answers.$1"
}

answer() { # COLUMN SCRIPT
	awk -v k="$2" '$1 == k { print $2 }' "$DIR/answers.$1"
}

is_expected() { # SCRIPT COLUMN
	local e
	for e in "${EXPECTED[@]}"; do
		[ "${e%% *}" != "$1" ] || [[ " ${e#* } " != *" $2 "* ]] || return 0
	done
	return 1
}

judge() { # SCRIPT
	local c bare
	bare=$(answer bare "$1")
	for c in shared dev; do
		if [ "$bare" != ok ]; then
			skip_here "$c: $1" "without carrel it is ${bare:-missing}"
		elif is_expected "$1" $c; then
			is "$c: $1 is red, as the reason in this file says" "$(answer $c "$1")" red
		else
			is "$c: $1" "$(answer $c "$1") $([ "$(answer $c "$1")" = ok ] || tail -n 3 "$DIR/out.$c.$1")" "ok "
		fi
	done
}

check_scripts() {
	local jobs=() column name
	for column in "${COLUMNS_[@]}"; do
		column "$column" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	for name in $SCRIPTS; do
		judge "$name"
	done
}

if [ ! -e $SUITE/test-exec.sh ]; then
	skip "OpenSSH's session tests" "openssh-tests is missing: tests/lib/deps.sh --clients"
	tap_done
	exit
fi
host_start
check "the host is ready" regress_host
run_cases "$@" -- check_scripts
tap_done
