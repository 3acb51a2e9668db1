# SPDX-License-Identifier: Apache-2.0
# bash completion of carrelctl(8).
# The shipped policies, and those of the configuration as far as root may see them.
_carrelctl_policies() {
	local file
	for file in /usr/share/carrel/policies/*.conf; do
		[ -e "$file" ] && basename "$file" .conf
	done
	sed -n 's/^[[:space:]]*\([A-Za-z0-9_-]*\) = {[[:space:]]*$/\1/p' /etc/carrel/carrel.conf /etc/carrel/policy.d/*.conf 2>/dev/null |
		grep -vxE 'policies|budgets|home|root|tmp|limits|network|seccomp|capabilities|features|cgroup'
}

# carrelctl completion bash: begin (make completions writes this)
declare -gA _carrelctl_value=(
	[--config]=file
	[--state]=directory
	[--pam-dir]=directory
	[--helper]=file
	[--module]=file
	[--service]=service
	[--rhost]=nothing
	[--tty]=nothing
	[--time]=nothing
	[--diff]=policy
	[--reach]=nothing
	[--policy]=policy
	[--user]=user
	[--interval]=nothing
	[--since]=nothing
	[--file]=file
	[--by]=nothing
	[--output]=file
	[--for]=time
	[--merge]=file
	[--minutes]=nothing
	[--timeout]=time
	[--inodes]=nothing
	[--orphans]=nothing
)
declare -gA _carrelctl_argument=(
	[check]=nothing
	[explain]=user
	[rehearse]=user
	[assess]=policy
	[list]=room
	[top]=nothing
	[show]=room
	[why]=user
	[log]=user
	[status]=nothing
	[metrics]=nothing
	[learn]=command
	[enter]=room
	[enable]=service
	[disable]=service
	[is-enabled]=service
	[reload]=nothing
	[try]=file
	[confirm]=nothing
	[freeze]=room
	[thaw]=room
	[kill]=room
	[wall]=nothing
	[drain]=nothing
	[image]=nothing
	[home]=user
	[root]=user
	[shell]=nothing
	[gc]=nothing
	[help]=command
)
declare -gA _carrelctl_options=(
	[check]='--no-rehearse --notes --all --strict --pam-dir --config --state --json --no-pager --helper --module --help '
	[explain]='--service --rhost --tty --time --diff --reach --config --state --json --no-pager --pam-dir --helper --module --help '
	[rehearse]='--service --rhost --tty --time --policy --config --state --json --no-pager --pam-dir --helper --module --help '
	[assess]='--user --config --state --json --no-pager --pam-dir --helper --module --help '
	[list]='--budgets --config --state --json --no-pager --pam-dir --helper --module --help '
	[top]='--interval --config --state --json --no-pager --pam-dir --helper --module --help '
	[show]='--config --state --json --no-pager --pam-dir --helper --module --help '
	[why]='--config --state --json --no-pager --pam-dir --helper --module --help '
	[log]='--since --file --config --state --json --no-pager --pam-dir --helper --module --help '
	[status]='--no-check --pam-dir --config --state --json --no-pager --helper --module --help '
	[metrics]='--by --prometheus --output --http --config --state --pam-dir --helper --module --help '
	[learn]='--policy --user --for --replace --status --stop --propose --merge --forget --config --state --json --no-pager --pam-dir --helper --module --help '
	[enter]='--unrestricted --config --state --pam-dir --helper --module --help '
	[enable]='--user --force --no-rehearse --shell --notes --all --pam-dir --config --state --helper --module --help '
	[disable]='--shell --pam-dir --config --state --helper --module --help '
	[is-enabled]='--pam-dir --config --state --helper --module --help '
	[reload]='--config --state --json --no-pager --pam-dir --helper --module --help '
	[try]='--minutes --status --cancel --notes --all --config --state --pam-dir --helper --module --help '
	[confirm]='--status --config --state --pam-dir --helper --module --help '
	[freeze]='--config --state --pam-dir --helper --module --help '
	[thaw]='--config --state --pam-dir --helper --module --help '
	[kill]='--now --config --state --pam-dir --helper --module --help '
	[wall]='--user --config --state --json --no-pager --pam-dir --helper --module --help '
	[drain]='--status --for --timeout --kill --off --config --state --pam-dir --helper --module --help '
	[image]='--policy --user --old --force --config --state --json --no-pager --pam-dir --helper --module --help '
	[home]='--patch --since --yes --replace --output --inodes --config --state --json --no-pager --pam-dir --helper --module --help '
	[root]='--patch --since --yes --replace --output --inodes --config --state --json --no-pager --pam-dir --helper --module --help '
	[shell]='--config --state --json --no-pager --pam-dir --helper --module --help '
	[gc]='--orphans --config --state --pam-dir --helper --module --help '
	[help]='--config --state --pam-dir --helper --module --help '
)
declare -gA _carrelctl_actions=(
	[image]='0 add list show verify check rm'
	[home]='1 diff commit discard snapshot snapshots restore drop export import usage resize gc'
	[root]='1 diff discard snapshot snapshots restore drop export usage resize gc'
	[shell]='0 publish list show withdraw'
)
# carrelctl completion bash: end

_carrelctl_offer() { # KIND WORD
	case $1 in
	user) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
	policy) mapfile -t COMPREPLY < <(compgen -W "$(_carrelctl_policies)" -- "$2") ;;
	service) mapfile -t COMPREPLY < <(compgen -W "$(cd /etc/pam.d 2>/dev/null && echo *)" -- "$2") ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	directory) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	time) mapfile -t COMPREPLY < <(compgen -W '10m 30m 1h 2h 1d' -- "$2") ;;
	room) mapfile -t COMPREPLY < <(compgen -W "$(carrelctl list 2>/dev/null | awk 'NR > 1 { print $1, $2, $3 }')" -- "$2") ;;
	command) mapfile -t COMPREPLY < <(compgen -W "${!_carrelctl_argument[*]}" -- "$2") ;;
	*) COMPREPLY=() ;;
	esac
}

_carrelctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i words=-1 actions
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* || -n ${_carrelctl_value[${COMP_WORDS[i - 1]}]-} ]] && continue
		command=${command:-${COMP_WORDS[i]}}
		words=$((words + 1))
	done
	actions=${_carrelctl_actions[$command]-}
	if [[ -n ${_carrelctl_value[$before]-} ]]; then
		_carrelctl_offer "${_carrelctl_value[$before]}" "$word"
	elif [[ $word == -* && -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--config --state --pam-dir --json --no-pager --help --version' -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${_carrelctl_options[$command]-}" -- "$word")
	elif [[ -z $command ]]; then
		_carrelctl_offer command "$word"
	elif [[ -n $actions && $words == "${actions%% *}" ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${actions#* }" -- "$word")
	else
		_carrelctl_offer "${_carrelctl_argument[$command]-}" "$word"
	fi
}
complete -F _carrelctl carrelctl
