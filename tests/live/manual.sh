#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of carrelctl(8), as somebody types them who has just installed carrel: each block, in the page's order.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/installed.sh"

# "editor" makes the change, whatever editor the host has.
page_editor() {
	rm -f /usr/bin/editor
	printf '#!/bin/sh\nexec sed -i "s/tasks = 256/tasks = 200/" "$1"\n' >/usr/bin/editor
	chmod 0755 /usr/bin/editor
}

# Users, and names for hosts, as the page has them.
page_host() {
	useradd -M -N -g students -s /bin/bash alice
	install -d -m 0700 -o alice -g students /home/alice
	pam_stack sshd bare
	install -d -m 0700 /root/.ssh
	sed -i "1i Host server\n  Port $PORT_ROOM" "$STAGE/ssh/config"
	cp "$STAGE/ssh/config" /root/.ssh/config
}

# The blocks of the page's examples: BLOCK[n], and what stands before each in TITLE[n]
read_page() {
	local line title= block=
	while IFS= read -r line; do
		case $line in
		.Bd*) block= ;;
		.Ed) BLOCK+=("$block") TITLE+=("$title") ;;
		.*) ;;
		*) if [[ $line = *: || $line = [A-Z]*\? ]]; then title=$line; else block+=$line$'\n'; fi ;;
		esac
	done < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$STAGE/data/carrelctl.8")
}

# A minute is long, and what it shows is the same after a second.
run_block() { # TEXT
	bash -e -o pipefail -c "${1//--interval 60/--interval 1}" </dev/null >"$STAGE_LOG/manual" 2>&1
}

# What the block's command changed, beyond its status.
check_after() { # TITLE
	case $1 in
	'Before the first'*)
		like "carrel is in the stack" "$(cat /etc/pam.d/sshd)" '^session.*pam_carrel\.so open'
		like "and logins are in rooms" "$(s alice@server hostname </dev/null)" '^alice-room$'
		hold alice alice@server
		;;
	'Who has'*) like "a line for the login" "$(<"$STAGE_LOG/manual")" $'^alice\t[1-9]' ;;
	'A change on'*)
		like "the change is in place" "$(cat /etc/carrel/carrel.conf)" 'tasks = 200'
		like "and what was before is kept" "$(cat /etc/carrel/before-trial/carrel.conf)" 'tasks = 256'
		;;
	'In a pipeline'*) like "all as promised" "$(<"$STAGE_LOG/manual")" '^policy student: ([0-9]+) of \1 as promised$' ;;
	'What would change'*) like "the worst of it" "$(<"$STAGE_LOG/manual")" $'^[1-9]\t' ;;
	'What does Alice'*) is "her home alone" "$(tail -n +4 "$STAGE_LOG/manual" | awk '{ print $NF }')" alice ;;
	'The three'*) like "in the log" "$(cat /var/log/busy)" '^[a-z0-9]+ +[a-z0-9]+ +alice ' ;;
	'Somebody says'*) like "and says what it was" "$(<"$STAGE_LOG/manual")" 'alice.* killed ' ;;
	'Nobody can'*)
		unlike "carrel is out of the stack" "$(cat /etc/pam.d/sshd)" pam_carrel
		is "and logins are on the host" "$(s alice@server hostname </dev/null)" carrelhost
		;;
	*) not_ok "the page has a new example, which is to be looked at here: $1" ;;
	esac
}

# One after the other, as one reads.
check_examples() {
	local i
	is "the page's examples" "${#BLOCK[@]}" 9
	for i in "${!BLOCK[@]}"; do
		[[ ${TITLE[i]} != 'Somebody says'* ]] || { carrelctl kill alice >/dev/null; hold_end alice 2>/dev/null; }
		if run_block "${BLOCK[i]}"; then ok "${TITLE[i]}"; else not_ok "${TITLE[i]}" "status $?" "$(<"$STAGE_LOG/manual")"; fi
		check_after "${TITLE[i]}"
	done
}

BLOCK=() TITLE=()
host_start
page_host
carrel_install
page_editor
read_page
run_cases "$@" -- check_examples
tap_done
