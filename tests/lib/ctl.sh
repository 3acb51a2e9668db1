# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# carrelctl on the stage, and what its answers are read with.

ctl() {
	"$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" --state "$STATE_DIR" --pam-dir \
		"$STAGE/pam.test" "$@"
}

# rooms_end USER...: their rooms are ended; until no room is left
rooms_end() {
	ctl kill "$@" >/dev/null 2>&1
	poll 20 rooms_gone
}

# status COMMAND...: its exit status
status() {
	"$@" >/dev/null 2>&1
	echo $?
}

# Who joins may be in before the record says so, and who has left may be on it yet.
logins_are() { # NUMBER [USER]
	[ "$(ctl list ${2+"$2"} --json | json 'len(d)')" = "$1" ]
}

json() { # EXPRESSION on the parsed standard input d
	python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"
}
