# SPDX-License-Identifier: Apache-2.0
# bash completion of carrelctl(8); the words come from carrelctl itself.
# The shipped policies, and those of the configuration as far as root may see them.
_carrelctl_policies() {
	local file
	for file in /usr/share/carrel/policies/*.conf; do
		[ -e "$file" ] && basename "$file" .conf
	done
	sed -n 's/^[[:space:]]*\([A-Za-z0-9_-]*\) = {[[:space:]]*$/\1/p' /etc/carrel/carrel.conf /etc/carrel/policy.d/*.conf 2>/dev/null |
		grep -vxE 'policies|budgets|home|root|tmp|limits|network|seccomp|capabilities|features|cgroup'
}

_carrelctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* || ${COMP_WORDS[i - 1]} == --@(config|state|pam-dir|helper|module|service|rhost|tty|diff|policy|user|minutes|interval|for|timeout) ]] ||
			{ command=${COMP_WORDS[i]}; break; }
	done
	case $before in
	--config | --helper | --module) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--policy | --diff) mapfile -t COMPREPLY < <(compgen -W "$(_carrelctl_policies)" -- "$word"); return ;;
	--for | --timeout) mapfile -t COMPREPLY < <(compgen -W '10m 30m 1h 2h 1d' -- "$word"); return ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$word"); return ;;
	--state | --pam-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	--service) mapfile -t COMPREPLY < <(compgen -W "$(cd /etc/pam.d 2>/dev/null && echo *)" -- "$word"); return ;;
	esac
	case $word,$command in
	-*,try) mapfile -t COMPREPLY < <(compgen -W '--minutes --status --cancel --config --help' -- "$word") ;;
	-*,confirm) mapfile -t COMPREPLY < <(compgen -W '--status --config --help' -- "$word") ;;
	-*,top) mapfile -t COMPREPLY < <(compgen -W '--interval --json --state --help' -- "$word") ;;
	-*,explain) mapfile -t COMPREPLY < <(compgen -W '--service --rhost --tty --diff --json --config --help' -- "$word") ;;
	-*,rehearse) mapfile -t COMPREPLY < <(compgen -W '--policy --service --rhost --tty --json --config --help' -- "$word") ;;
	-*,assess) mapfile -t COMPREPLY < <(compgen -W '--user --json --config --help' -- "$word") ;;
	-*,check) mapfile -t COMPREPLY < <(compgen -W '--no-rehearse --json --config --pam-dir --help' -- "$word") ;;
	-*,enable) mapfile -t COMPREPLY < <(compgen -W '--user --no-rehearse --force --config --pam-dir --help' -- "$word") ;;
	-*,list) mapfile -t COMPREPLY < <(compgen -W '--budgets --json --no-pager --state --help' -- "$word") ;;
	-*,wall) mapfile -t COMPREPLY < <(compgen -W '--user --json --state --help' -- "$word") ;;
	-*,drain) mapfile -t COMPREPLY < <(compgen -W '--for --timeout --kill --off --status --state --help' -- "$word") ;;
	-*,disable) mapfile -t COMPREPLY < <(compgen -W '--config --pam-dir --help' -- "$word") ;;
	-*,freeze | -*,thaw | -*,kill) mapfile -t COMPREPLY < <(compgen -W '--state --help' -- "$word") ;;
	-*,show | -*,why | -*,reload) mapfile -t COMPREPLY < <(compgen -W '--json --no-pager --config --state --help' -- "$word") ;;
	-*,enter) mapfile -t COMPREPLY < <(compgen -W '--unrestricted --state --help' -- "$word") ;;
	-*,*) mapfile -t COMPREPLY < <(compgen -W '--config --state --pam-dir --json --no-pager --help --version' -- "$word") ;;
	*,) mapfile -t COMPREPLY < <(compgen -W "$(carrelctl --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')" -- "$word") ;;
	*,try) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	*,check | *,confirm | *,reload | *,top | *,wall | *,drain) COMPREPLY=() ;;
	*,assess) mapfile -t COMPREPLY < <(compgen -W "$(_carrelctl_policies)" -- "$word") ;;
	*,explain | *,rehearse | *,why) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	*,enable | *,disable) mapfile -t COMPREPLY < <(compgen -W "$(cd /etc/pam.d 2>/dev/null && echo *)" -- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(carrelctl list 2>/dev/null | awk 'NR > 1 { print $1, $2, $3 }')" -- "$word") ;;
	esac
}
complete -F _carrelctl carrelctl
