#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kernels and hosts that have less than a policy needs (the table in docs/install.md): check tells before a login does, by
# the line that asks for it, and what is required is refused, preferred done without. What every room needs is in trust.sh.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/less.sh"

# less COMMAND...: what carrelctl is run by, from here on
LESS=()
less() {
	LESS=("$@")
}

# lacks NEED FEATURE VALUES: policy odd of these, the values in a line of their own
lacks() {
	host_config
	sed -i "s|^policies = {|policies = { odd = { inherit = \"${BASE-student}\"; features = { $2 = \"$1\"; };\n$3 };|" \
		/etc/carrel/carrel.conf
	line=$(grep -n 'odd = {' /etc/carrel/carrel.conf | cut -d: -f 1)
}

# theirs NEED FEATURE VALUES: it is the students'
theirs() {
	lacks "$@"
	sed -i 's/"students"; policy = "student"/"students"; policy = "odd"/' /etc/carrel/carrel.conf
}

# told: "LEVEL LINE FINDING", of check without the rehearsal
told() {
	"${LESS[@]}" "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" \
		--state "$STATE_DIR" --pam-dir "$STAGE/pam.test" check --no-rehearse --json |
		json '"\n".join(" ".join([x["level"], str(x["line"]), x["finding"]]) for x in d if "policy odd" in x["finding"])'
}

# each_need NAME FEATURE VALUES PATTERN LINES-BELOW: required, preferred, off, and on this kernel as it is
each_need() {
	local here=("${LESS[@]}")
	lacks require "$2" "$3"
	like "$1, required" "$(told)" "^error $((line + $5)) policy odd: $4: the login is refused"
	less env
	unlike "$1, required, where it is there" "$(told)" "^[a-z]+ [0-9]+ policy odd: $4"
	less "${here[@]}"
	lacks prefer "$2" "$3"
	like "$1, preferred" "$(told)" "^warning $((line + $5)) policy odd: $4: the login goes on without, and it is logged"
	lacks off "$2" "$3"
	unlike "$1, off" "$(told)" "policy odd: $4"
	less env
}

check_apart() {
	less "$STAGE/bin/enosys" landlock_create_ruleset
	each_need "a Landlock domain" landlock 'shell = { apart = true; };' \
		"shell.apart needs Landlock domains .* this Linux $(uname -r) has not \(Linux 6.12, CONFIG_SECURITY_LANDLOCK\)" 1
}

check_time() {
	less unshare -m sh -c 'mount --make-rslave / && mount -t tmpfs none /proc/$$/ns &&
		(cd /proc/$$/ns && touch mnt pid uts ipc net cgroup user) && exec "$@"' -
	each_need "a time namespace" time 'hostname = "%u-room";' \
		"features.time needs time namespaces, which this Linux $(uname -r) has not \(CONFIG_TIME_NS, Linux 5.6\)" 0
}

# By carrel-shell, which says it to the user as well.
check_apart_login() {
	usermod -s $STAGE/bin/carrel-shell ana
	theirs require landlock 'shell = { path = "/bin/bash"; apart = true; };'
	with "$STAGE/bin/enosys" landlock_create_ruleset
	like "no Landlock, required: the login says what it lacks" "$(as ana 'echo in')" \
		"^carrel-shell: .*this Linux $(uname -r) has no Landlock domains .*features.landlock is \"require\""
	theirs prefer landlock 'shell = { path = "/bin/bash"; apart = true; };'
	is "preferred: in" "$(as ana 'echo in')" in
	usermod -s /bin/bash ana
}

check_gate() {
	less "$STAGE/bin/enosys" bpf
	each_need "programs on cgroups" network_filter 'network = { forwards = "none"; };' \
		"features.network_filter needs .* \(Function not implemented; CONFIG_CGROUP_BPF of this Linux $(uname -r)\)" 0
	less "$STAGE/bin/enosys" bpf
	lacks prefer time 'network = { forwards = "none"; };'
	like "where nobody has set the feature it is told by the key that asks" "$(told)" \
		"^error $((line + 1)) policy odd: features.network_filter needs"
	less env
}

check_gate_login() {
	theirs require network_filter 'network = { forwards = "none"; };'
	with "$STAGE/bin/enosys" bpf
	refused "no programs on cgroups, required" LIMITS 'errno=ENOSYS: the kernel does not take the program "[a-z]+" of the network'
	theirs prefer network_filter 'network = { forwards = "none"; };'
	is "preferred: in" "$(as ana 'echo in')" in
	check "and it is logged" poll 5 log_since 'its network is not held: the kernel does not take the program'
}

check_network() {
	less "$STAGE/bin/enosys" socket:2:12
	lacks prefer time 'network = { mode = "nat"; };'
	like "no nftables" "$(told)" \
		"^error $((line + 1)) policy odd: network.mode needs nftables, which this Linux $(uname -r) has not \(CONFIG_NF_TABLES\)"
	less env
	unlike "where they are there" "$(told)" 'needs (nftables|pairs)'
}

# What is there of the store, and who could change it.
check_store() {
	local home='home = { upper = "persistent"; quota = "image"; size = "16M"; };'
	local says="home.upper needs the store: .*/srv/needs-store must belong to root with mode 0700.*: the login is refused"
	mkdir -m 755 /srv/needs-store
	host_config 'store = "/srv/needs-store";'
	sed -i "s|^policies = {|policies = { odd = { inherit = \"student\"; $home };|" /etc/carrel/carrel.conf
	like "a store that is not root's alone" "$(told)" "^error [0-9]+ policy odd: $says"
	chmod 700 /srv/needs-store
	unlike "in order" "$(told)" 'needs the store'
	rmdir /srv/needs-store
	unlike "not made yet" "$(told)" 'needs the store'
	less unshare -m sh -c 'mount --make-rslave / && mount -t tmpfs none /dev && exec "$@"' -
	like "no loop devices" "$(told)" '^error [0-9]+ policy odd: home.quota makes images, and there are no loop devices'
	less env
	host_config
}

check_network_login() {
	theirs prefer time 'network = { mode = "nat"; };'
	with "$STAGE/bin/enosys" socket:2:12
	refused "no nftables" NAMESPACE 'network: nftables: '
}

check_listener() {
	less "$STAGE/bin/enosys" seccomp
	lacks prefer time 'seccomp = { log = true; };'
	like "no listener" "$(told)" "^warning $((line + 1)) policy odd: seccomp.log needs a filter with a listener, which this Linux"
	less env
	unlike "where there is one" "$(told)" 'needs a filter with a listener'
}

check_cgroup() {
	less unshare -m sh -c 'mount --make-rslave / && mount -t tmpfs none /sys/fs/cgroup && exec "$@"' -
	BASE=lab each_need "a cgroup" cgroup 'share = "user";' \
		'features.cgroup needs a cgroup of cgroup v2 for each login, and this host has none' 0
	less unshare -m sh -c 'mount --make-rslave / && mount -t tmpfs none /sys/fs/cgroup && exec "$@"' -
	each_need "limits" limits 'share = "user";' \
		'features.limits needs cgroup v2 with the controllers cpu, memory, pids, and this host has no cgroup v2' 0
}

check_quota() {
	local home='home = { upper = "persistent"; quota = "project"'
	lacks prefer time "$home; size = \"16M\"; };"
	like "no project quotas" "$(told)" \
		"^error $((line + 1)) policy odd: home.quota is \"project\", and the file system of the store .* has no project quotas"
	lacks prefer time 'home = { upper = "persistent"; quota = "image"; size = "16M"; };'
	unlike "none wanted" "$(told)" 'project quotas'
}

check_cgroup_login() {
	theirs require cgroup 'share = "user";'
	mounts 'mount -t tmpfs none /sys/fs/cgroup'
	refused "no cgroup, required" LIMITS 'this host has no cgroup v2 at /sys/fs/cgroup'
	theirs prefer cgroup 'share = "user";'
	is "preferred: in" "$(as ana 'echo in')" in
	check "and it is logged" poll 5 log_since 'no limits are held: this host has no cgroup v2 at /sys/fs/cgroup'
}

check_calls_login() {
	theirs prefer limits ''
	with "$STAGE/bin/enosys" clone3
	refused "no clone3" NAMESPACE "Linux $(uname -r) has no clone3\\(2\\), which came with 5.3: carrel needs 5.14"
}

# enabled: does enable take what rooms of the students' policy need?
enabled() {
	printf 'session required pam_unix.so\n' >"$STAGE/pam.test/atd"
	"${LESS[@]}" "$STAGE_LIB/carrelctl" --helper "$STAGE_LIB/carrel-helper" --module "$STAGE_LIB/pam_carrel.so" \
		--state "$STATE_DIR" --pam-dir "$STAGE/pam.test" enable atd 2>&1 | tr -s ' '
	grep -c carrel "$STAGE/pam.test/atd"
}

# What is required, and is not there, would let nobody in.
check_enable() {
	theirs require network_filter 'network = { forwards = "none"; };'
	less "$STAGE/bin/enosys" bpf
	like "enable: no programs on cgroups" "$(enabled)" '^error .*the kernel does not take the program'
	is "and writes nothing" "$(enabled | tail -n 1)" 0
	theirs require landlock 'shell = { path = "/bin/bash"; apart = true; };'
	less "$STAGE/bin/enosys" landlock_create_ruleset
	like "enable: no Landlock" "$(enabled)" '^error .*shell.apart needs Landlock domains'
	is "and writes nothing, either" "$(enabled | tail -n 1)" 0
	theirs prefer landlock 'shell = { path = "/bin/bash"; apart = true; };'
	is "preferred: it is enabled" "$(enabled | tail -n 1)" 2
	less env
}

host_start
room ana true
settle
mkdir -p "$STAGE/pam.test"
before=$(census)
run_cases "$@" -- check_time check_apart check_apart_login check_gate check_gate_login check_network check_network_login \
	check_listener check_quota check_store check_cgroup check_cgroup_login check_calls_login check_enable
[ -z "$SANDBOXED" ] || kill "$SANDBOXED"
host_config
rm -rf "$STAGE/pam.test"
settle
same_census "nothing is left behind" "$before"
tap_done
