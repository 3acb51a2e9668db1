#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# A node of a real Slurm, which is its controller as well: who has a job is let in, by the recipe of docs/howto.md as it stands
# there; commands of Slurm in a room; pam_slurm_adopt beside carrel.
. "$(dirname "$0")/../suite.sh"
. "$(dirname "$0")/../packages.sh"
PAGE=$(cd "$(dirname "$0")/../../.." && pwd -P)/docs/howto.md

# The block of the page that begins with a line; of a rule, the users' groups are the guest's.
block() { # LINE
	awk -v first="$1" '/^```/ { text = ""; on = !on; next } on { text = text $0 "\n"; if ($0 == first) mine = 1 }
		on && mine { if (!done) printf "%s", text; else print; done = 1; text = ""; next } mine && !on { exit }' "$PAGE"
}

slurm_conf() {
	guest 'bash -s' <<-'END'
		cat >/etc/slurm/slurm.conf <<-'CONF'
			ClusterName=guest
			SlurmctldHost=carrel-guest
			SlurmUser=slurm
			StateSaveLocation=/var/lib/slurm/slurmctld
			SlurmdSpoolDir=/var/lib/slurm/slurmd
			SlurmctldLogFile=/var/log/slurm/slurmctld.log
			SlurmdLogFile=/var/log/slurm/slurmd.log
			ProctrackType=proctrack/cgroup
			TaskPlugin=task/cgroup
			PrologFlags=contain
			LaunchParameters=ulimit_pam_adopt
			ReturnToService=2
			InactiveLimit=0
			KillWait=5
			NodeName=carrel-guest CPUs=2 RealMemory=512
			PartitionName=all Nodes=ALL Default=YES State=UP OverSubscribe=YES:4
		CONF
		printf 'CgroupPlugin=cgroup/v2\nConstrainRAMSpace=no\n' >/etc/slurm/cgroup.conf
		mkdir -p /var/log/slurm /var/lib/slurm/{slurmctld,slurmd}
		chown -R slurm: /var/log/slurm /var/lib/slurm/slurmctld
		systemctl restart munge slurmctld slurmd
	END
	poll 60 guest 'sinfo -h -o %t | grep -qx idle'
}

job_begin() { # USER: the id of a job of theirs that runs
	local job
	job=$(guest "cd /tmp && runuser -u $1 -- sbatch --parsable -o /dev/null --wrap 'sleep 3000'" </dev/null)
	poll 60 guest "squeue -h -j $job -t running | grep -q ." && echo "$job"
}

job_end() { # ID
	guest "scancel $1" </dev/null
	poll 60 guest "! squeue -h -j $1 -t running,completing 2>/dev/null | grep -q ."
}

asked() { # USER: what a refused login is told
	login "$1" true 2>&1 </dev/null | grep -o 'code [A-Z]*'
}

check_none() {
	is "without a job: refused, by no rule" "$(asked ana)" "code RULE"
	like "the log says that the program said no" "$(log_since 'command .*has-job')" \
		'uid=1000: command "/usr/local/sbin/has-job %u": no, [0-9]+ ms'
	like "explain does, too" "$(guest 'carrelctl explain ana 2>&1' </dev/null)" 'no: command "/usr/local/sbin/has-job %u"'
	refute "to squeue a node of another name is no answer" guest 'squeue -h --nodelist=carrel-guest.example.org' </dev/null
	is "root is let in" "$(login root 'echo in' </dev/null)" in
	is "an exception before it is not asked" "$(login bob 'echo in' </dev/null)" in
}

check_job() {
	job=$(job_begin ana)
	isnt "a job runs" "$job" ""
	is "its user is let in" "$(login ana 'echo in' </dev/null)" in
	is "nobody else" "$(asked cara)" "code RULE"
	hold one ana
	is "Slurm's commands work in the room" "$(hold_ask one 'squeue -h -o %u')" ana
	is "also those that start something" "$(hold_ask one 'srun --overlap --jobid '"$job"' sh -c "id -un; cat /proc/self/cgroup"' |
		sed 's|^0::.*/job_\([0-9]*\)/.*|\1|' | xargs)" "ana $job"
	hold_say one 'sbatch --parsable -o /dev/null --wrap true'
	job_end "$job"
	check "the job is over" poll 60 guest '! squeue -h -u ana | grep -q .'
	is "the login goes on" "$(hold_ask one 'echo on')" on
	is "a new one is refused" "$(asked ana)" "code RULE"
	hold_end one
}

# A question that nobody answers refuses, whatever rules come behind, and takes no longer than it may.
check_away() {
	local began
	guest 'systemctl stop slurmctld' </dev/null
	log_mark
	began=$SECONDS
	is "the controller is away: refused" "$(asked ana)" "code RULE"
	check "and not for long" test $((SECONDS - began)) -lt "$GUEST_LIMIT"
	like "squeue asks again and again, until its time is over" "$(log_since 'has-job')" 'no answer in time \(5 s at most\)'
	is "root is let in" "$(login root 'echo in' </dev/null)" in
	is "and who comes by a rule before" "$(login bob 'echo in' </dev/null)" in
	guest 'systemctl start slurmctld' </dev/null
	check "it is back" poll 60 guest 'sinfo -h -o %t | grep -qx idle'
	guest 'systemctl kill -s STOP slurmctld' </dev/null
	log_mark
	is "it hangs: refused" "$(asked ana)" "code RULE"
	like "in the time of a command" "$(log_since 'has-job')" 'no answer in time \(5 s at most\)'
	guest 'systemctl kill -s CONT slurmctld' </dev/null
	check "it is back" poll 60 guest 'sinfo -h -o %t | grep -qx idle'
}

# As the page says: its policy, its stack. The login is the job's, and ends with it.
check_adopt() {
	local job shell
	conf_write <<-END
	rules = ( { group = "staff"; policy = "shared"; }, { policy = "ours"; } );
	policies = { ours = {
	$(block 'inherit = "hpc"; # beside pam_slurm_adopt')
	}; };
	END
	guest 'cp -a /etc/pam.d/common-session /etc/pam.d/sshd /root/ && sed -i "/pam_systemd/d" /etc/pam.d/common-session
		sed -i "/^@include common-account/a account required pam_slurm_adopt.so action_no_jobs=deny" /etc/pam.d/sshd' </dev/null
	log_mark
	refute "without a job the account is refused" login ana true </dev/null
	like "before there is a session" "$(log_since 'sshd.*ana')" 'Access denied for user ana by PAM account configuration'
	job=$(job_begin ana)
	hold one ana
	isnt "a login is in a room" "$(hold_ask one 'readlink /proc/self/ns/mnt')" "$(guest 'readlink /proc/1/ns/mnt' </dev/null)"
	shell=$(guest 'pgrep -u ana -x bash | xargs -I{} cat /proc/{}/cgroup' </dev/null)
	like "and in its job's cgroup" "$shell" "/job_$job/step_extern/"
	guest "scancel $job" </dev/null
	check "which ends it" poll 60 eval '! kill -0 $HOLD_one'
	hold_end one
	check "nothing of theirs is left" poll 30 guest '! pgrep -u ana'
	refute "nor can they come again" login ana true </dev/null
	guest 'cp -a /root/common-session /root/sshd /etc/pam.d/' </dev/null
}

# Debian 13's slurmd asks the network for its configuration until it has one: what installs it starts nothing.
guest 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d' </dev/null
packages_add slurmctld slurmd slurm-client munge libpam-slurm-adopt
added=$?
guest 'rm /usr/sbin/policy-rc.d' </dev/null
if [ $added != 0 ]; then
	skip "a real Slurm" "its packages cannot be fetched or installed"
	tap_done
	exit
fi
check "users" users_make
check "the node is idle" slurm_conf
block '#!/bin/sh' | guest 'cat >/usr/local/sbin/has-job && chmod 755 /usr/local/sbin/has-job'
pam_wire sshd
log_mark
conf_write <<END
rules = ( $(block '{ command = "/usr/local/sbin/has-job %u"; policy = "hpc"; },' |
	sed 's/"sudo", "wheel"/"staff"/; s/policy = "admin"/policy = "shared"/') { user = "nobody"; policy = "hpc"; } );
END
run_cases "$@" -- check_none check_job check_away check_adopt
guest 'systemctl stop slurmd slurmctld munge; rm -rf /etc/slurm /etc/munge /var/lib/slurm /usr/local/sbin/has-job' </dev/null
packages_remove
tap_done
