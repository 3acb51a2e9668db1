# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A terminal in tmux for what uses the whole screen: 80 columns, 24 lines, a shell with the prompt "$ ".

tm() {
	(apart tmux -S "$STAGE/tmux" "$@") # its server stays
}

screen_start() {
	tm -f /dev/null new-session -d -x 80 -y 24 env -i PATH="$PATH" TERM=screen HOME=/root LC_ALL=C PS1='$ ' bash --norc --noprofile
	poll 10 shows '^\$'
}

screen_end() {
	tm kill-server 2>/dev/null
}

screen() {
	tm capture-pane -p
}

shows() { # REGEX
	screen | grep -Eq -- "$1"
}

# sees NAME REGEX: within some seconds a line of the screen is like that
sees() {
	if poll 10 shows "$2"; then ok "$1"; else not_ok "$1" "wanted a line like: $2" "the screen:" "$(screen | grep .)"; fi
}

press() {
	tm send-keys "$@"
}

# say LINE: to the shell, which must be at its prompt
say() {
	press -l "$1"
	press Enter
}

# At the shell's prompt: nothing else is on the screen when it returns, so what is seen later is new.
screen_clear() {
	press C-l
	poll 10 eval '[ "$(screen | grep .)" = "\$" ]'
}

# answer LINE: what the shell prints for it, a single line
answer() {
	screen_clear
	say "$1; echo done\\-it"
	poll 10 shows '^done-it' && screen | grep -B 1 '^done-it' | head -n 1
}
