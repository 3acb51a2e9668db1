# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A display for `ssh -X`: it answers "XOK" to whoever brings its cookie; ssh swaps the forwarded cookie for the real one.
# Sourced. A client's script, for a login's bash, is $DISPLAY_CLIENT: it prints the host part of DISPLAY, and the answer.

DISPLAY_CLIENT=$STAGE/x11-client

# Sets DISPLAY, XAUTHORITY and DISPLAY_PID.
display_start() {
	local cookie=00112233445566778899aabbccddeeff
	mkdir -p -m 1777 /tmp/.X11-unix
	cat >$STAGE/display <<-END
	#!/bin/sh
	head -c 48 | od -An -tx1 | tr -d ' \n' | grep -q $cookie && echo XOK
	END
	chmod +x $STAGE/display
	socat UNIX-LISTEN:/tmp/.X11-unix/X99,fork EXEC:$STAGE/display &
	DISPLAY_PID=$!
	poll 5 test -S /tmp/.X11-unix/X99
	export XAUTHORITY=$STAGE/xauthority DISPLAY=:99
	xauth -q add :99 . $cookie 2>/dev/null
	cat >$DISPLAY_CLIENT <<-'END'
	number=${DISPLAY#*:}; number=${number%.*}
	mine=$(xauth -q list "$DISPLAY" 2>/dev/null | awk '{ print $3; exit }')
	exec 3<>"/dev/tcp/127.0.0.1/$((6000 + number))" || exit
	{ printf 'l\0\013\0\0\0\022\0\020\0\0\0MIT-MAGIC-COOKIE-1\0\0'; printf "$(sed 's/../\\x&/g' <<<"$mine")"; } >&3
	echo "${DISPLAY%%:*} $(timeout $((10 * ${CARREL_PATIENCE:-1})) head -c 3 <&3)"
	END
}

display_stop() {
	kill "$DISPLAY_PID"
	rm -rf /tmp/.X11-unix
	unset XAUTHORITY DISPLAY
}
