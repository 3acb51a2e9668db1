#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What it costs to be watched (carrelctl learn), and what networks of rooms cost; docs/performance.md says what each
# figure means.
# Usage, as root: CARREL_BUILD=build tests/bench/nets.sh       (make bench-nets; BENCH_ROUNDS=20 is a quick look)
#   BENCH_ONLY="learn nat" does these parts of it: learn, nat, gate, traffic, many
#   BENCH_MANY=100: so many live rooms in the last part, not 500
#   SLIRP4NETNS names slirp4netns where it is not installed
# Prints a table and writes $CARREL_BUILD/bench-nets.tsv. Fails when something does not work, never because it is slow.
set -u
cd "$(dirname "$0")/../.." && . tests/bench/stage.sh || exit 1
REPO=$PWD
CARREL_BUILD=$(realpath "${CARREL_BUILD:-build}")
ROUNDS=${BENCH_ROUNDS:-100}
FEW=$(((ROUNDS + 4) / 5))
export CARREL_BUILD

RAW=$CARREL_BUILD/bench-nets.raw
TSV=$CARREL_BUILD/bench-nets.tsv
CTL="$CARREL_BUILD/carrelctl --config $B/carrel.conf --state /run/carrel"
GOALS=(learn_ssh=1.1 learn_work=1.1) # of logins; learn_open is but a part of one
if [ "${1-}" = --table ]; then # into docs/performance.md; make bench-nets-table
	awk -f tests/bench/nets_table.awk -v goals="${GOALS[*]}" "$TSV" docs/performance.md >"$TSV.md" &&
		cat "$TSV.md" >docs/performance.md && rm "$TSV.md"
	exit
fi
[ "${BENCH_INSIDE-}" = 1 ] || stage_enter "$REPO" "$REPO/tests/bench/nets.sh"
mkdir -p "$CARREL_BUILD"
: >"$RAW"
printf 'name\tvalue\tunit\n' >"$TSV"
. tests/bench/figures.sh

# ---- the stage ------------------------------------------------------------------------------------------------

FAR=203.0.113.9 # another host, at the end of a cable

cable() {
	ip netns add far && ip link add up0 type veth peer name eth0 netns far || die "no other host"
	ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up
	ip -n far link set lo up
	ip -n far link set eth0 up
	ip -n far addr add 192.0.2.2/24 dev eth0
	ip -n far addr add $FAR/32 dev lo
	ip route add default via 192.0.2.2 || die "no way to the other host"
	ip netns exec far $B/traffic serve $FAR 80 >$B/served &
	until grep -qs ready $B/served; do
		kill -0 $! 2>/dev/null || die "no server on the other host"
		sleep 0.05
	done
}

policies_make() {
	local base='share = "login"; no_new_privs = true; capabilities = { bounding = [ ]; }; seccomp = { base = "@login"; };
		home = { mode = "real"; };'
	local off='features = { limits = "off"; cgroup = "off"; };' on='features = { limits = "off"; };' user
	local none='network = { mode = "none"; };' host='namespaces = [ "mount", "pid", "uts", "ipc", "cgroup" ];'
	variant plain "$base $none $off"
	variant watched "$base $none $off"
	variant nat "$base network = { mode = \"nat\"; }; $off"
	variant free "$base $host network = { mode = \"host\"; }; $on"
	variant held "$base $host $on
		network = { mode = \"host\"; deny = [ \"@private\", \"@metadata\" ]; allow = [ \"10.1.2.0/24 tcp 443\" ]; };"
	for user in plain watched nat free held; do
		useradd -m -s /bin/bash $user || die "cannot make user $user"
		RULES+=("{ user = \"$user\"; policy = \"$user\"; },")
	done
	printf '%s\n' "data_dir = \"$B/conf\";" "store = \"$B/store\";" "rules = ( ${RULES[*]} { policy = \"plain\"; } );" \
		"policies = { ${POLICIES[*]} };" >$B/carrel.conf
	printf 'auth required pam_deny.so\nsession required pam_deny.so\n' >$B/pam/other
}

SSH="/usr/bin/ssh -F none -i $B/keys/user -p 7022 -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o GSSAPIAuthentication=no"
SSH=$(echo $SSH) # the driver cuts at blanks alone

# ---- a login that is watched ----------------------------------------------------------------------------------

# Two policies that are alike but for that one is learned, and their users in turns.
learn() {
	step "logins, watched and not; $ROUNDS rounds"
	race 1 "pam=first:bench-plain plain" # what carrel's state is kept in is there from the first login on
	$CTL learn --policy watched --for 2h >/dev/null || die "nothing can be learned"
	race "$ROUNDS" "pam=open_plain:bench-plain plain" "pam=open_watched:bench-watched watched"
	pair learn_open open_watched open_plain
	cat >$B/git.loop <<-'SH'
		set -e
		cd
		rm -rf one
		git init -q one
		cd one
		for i in 1 2 3 4 5 6 7 8; do
			echo $i >f$i
			git add f$i
			git -c user.name=b -c user.email=b@localhost commit -q -m $i
		done
	SH
	race $((FEW * 2)) "exit=ssh_plain:$SSH plain@127.0.0.1 true" "exit=ssh_watched:$SSH watched@127.0.0.1 true"
	pair learn_ssh ssh_watched ssh_plain
	race $((FEW * 2)) "exit=work_plain:$SSH plain@127.0.0.1 sh $B/git.loop" \
		"exit=work_watched:$SSH watched@127.0.0.1 sh $B/git.loop"
	pair learn_work work_watched work_plain
	$CTL learn --policy watched --propose >$B/proposed && grep -q execve $B/proposed || die "nothing was seen"
	$CTL learn --policy watched --stop >/dev/null || die "learning does not stop"
}

# A ratio, and what it is of.
pair() { # FIGURE CONTENDER BESIDE
	ratio "$1" "$2" "$3"
	median "$2"
	median "$3"
}

# ---- opening a room with a way out, or a login that is held ------------------------------------------------------

nat() {
	step "open: network.mode nat, none; $ROUNDS rounds"
	race "$ROUNDS" "pam=open_none:bench-plain plain" "pam=open_nat:bench-nat nat"
	pair nat_open open_nat open_none
}

gate() {
	step "open: a login's cgroup with and without programs; $ROUNDS rounds"
	race "$ROUNDS" "pam=open_free:bench-free free" "pam=open_held:bench-held held"
	pair gate_open open_held open_free
	less gate_open_more_ms open_held open_free
	step "connect(2) by who is held, and who is not"
	client free $SSH free@127.0.0.1 $B/traffic work $FAR 80
	client held $SSH held@127.0.0.1 $B/traffic work $FAR 80
	turns "$ROUNDS" udp 2000 free held
	turns "$FEW" rate 200 free held
	ratio gate_connect udp_held udp_free
	each udp_held 2000
	each udp_free 2000
	ratio gate_rate rate_held rate_free
	persec rate_held 200 /s
	persec rate_free 200 /s
	leave free held
}

# ---- beside many rooms -------------------------------------------------------------------------------------------

MANY=${BENCH_MANY:-500}
ROOM_KIB=4096 # more than one takes, with who holds it

# The machine drifts: one live room is measured before and after.
many() {
	local fits n what count unit
	fits=$(awk -v room=$ROOM_KIB '/^MemAvailable:/ { print int($2 / 2 / room) }' /proc/meminfo)
	[ "$fits" -ge "$MANY" ] || MANY=$fits
	step "this machine takes $MANY rooms"
	for n in 1 "$MANY" again; do many_nat $n; done
	many_sums nat none
	for n in 1 "$MANY"; do
		for what in bulk=32:MiB/s rate=100:/s; do
			IFS='=:' read -r what count unit <<<"$what"
			ratio "${what}_nat_$n" "${what}_nat_$n" "${what}_host_$n"
			persec "${what}_nat_$n" "$count" "$unit"
			persec "${what}_host_$n" "$count" "$unit"
		done
	done
	for n in 1 "$MANY" again; do many_gate $n; done
	many_sums held free
	for n in 1 "$MANY"; do
		ratio "gate_connect_$n" "udp_held_$n" "udp_free_$n"
		each "udp_held_$n" 2000
		each "udp_free_$n" 2000
	done
}

many_nat() { # HOW-MANY|again
	local n=${1/again/1} before
	step "open: network.mode nat, none, beside $n rooms with nat"
	before=$(kernel_kib)
	hold "$n" bench-nat nat
	[ "$n" -eq 1 ] || KIB=$((($(kernel_kib) - before) / n))
	# By another user: numbers of one's own rooms are tried one after the other.
	race "$FEW" "pam=open_none_$1:bench-plain plain" "pam=open_nat_$1:bench-nat plain"
	if [ "$1" != again ]; then
		client "host_$1" "$B/traffic" work $FAR 80
		client "nat_$1" $SSH nat@127.0.0.1 $B/traffic work $FAR 80
		turns "$FEW" bulk 32 "host_$1" "nat_$1"
		turns "$FEW" rate 100 "host_$1" "nat_$1"
		leave "host_$1" "nat_$1"
	fi
	release
	sleep 1 # the kernel takes namespaces apart in the background
}

many_gate() { # HOW-MANY|again
	local n=${1/again/1}
	step "open: logins' cgroups with and without programs, beside $n with"
	hold "$n" bench-held held
	race "$FEW" "pam=open_free_$1:bench-free free" "pam=open_held_$1:bench-held held"
	if [ "$1" != again ]; then
		client "free_$1" $SSH free@127.0.0.1 $B/traffic work $FAR 80
		client "held_$1" $SSH held@127.0.0.1 $B/traffic work $FAR 80
		turns "$FEW" udp 2000 "free_$1" "held_$1"
		leave "free_$1" "held_$1"
	fi
	release
	sleep 1
}

# An open beside many over one beside one, of the network that is meant and of the one that it is compared with.
many_sums() { # NETWORK BESIDE
	local which
	for which in "$1" "$2"; do mean_of "open_${which}_1" "open_${which}_again"; done
	ratio "$1_open_1" "open_$1_1" "open_$2_1"
	ratio "$1_open_$MANY" "open_$1_$MANY" "open_$2_$MANY"
	for which in "$1" "$2"; do
		ratio "${which}_open_${MANY}_vs_1" "open_${which}_$MANY" "open_${which}_1"
		median "open_${which}_$MANY"
		median "open_${which}_1"
		[ "$which" != nat ] || figure nat_kernel_each "$KIB" KiB
	done
}

# ---- clients that take turns ----------------------------------------------------------------------------------

declare -A TO FROM CLIENT

# One that waits for its turns where COMMAND puts it.
client() { # NAME COMMAND...
	local name=$1 to from
	shift
	mkfifo "$B/to.$name" "$B/from.$name"
	(
		for to in "${TO[@]}" "${FROM[@]}"; do exec {to}>&-; done # no other's end is to wait for this one's
		exec "$@"
	) <"$B/to.$name" >"$B/from.$name" 2>"$B/said.$name" &
	CLIENT[$name]=$!
	exec {to}>"$B/to.$name" {from}<"$B/from.$name"
	TO[$name]=$to FROM[$name]=$from
	turn "$name" rate 1 >/dev/null || die "$name: $(tail -n 1 "$B/said.$name")"
}

turn() { # NAME WHAT COUNT
	local ns
	echo "$2 $3" >&"${TO[$1]}" && read -r -t 60 ns <&"${FROM[$1]}" && echo "$ns"
}

turns() { # ROUNDS WHAT COUNT NAME...
	local rounds=$1 what=$2 count=$3 round name
	shift 3
	rm -f "$B/$what".*
	for ((round = -2; round < rounds; round++)); do # the first two warm up
		for name in $(shuf -e "$@"); do
			turn "$name" "$what" "$count" >$B/turn || die "$name: $what: $(tail -n 1 "$B/said.$name")"
			[ $round -lt 0 ] || awk '{ print $1 / 1e6 }' $B/turn >>"$B/$what.$name"
		done
	done
	for name; do middle "${what}_$name" 1 "$B/$what.$name"; done
}

leave() { # NAME...
	local name
	for name; do
		eval "exec ${TO[$name]}>&- ${FROM[$name]}<&-"
		wait "${CLIENT[$name]}" || die "$name does not end well"
		unset "TO[$name]" "FROM[$name]"
		rm "$B/to.$name" "$B/from.$name"
	done
}

# One of COUNT that took so many milliseconds together: nanoseconds, or how many a second.
each() { figure "$1_each" "$(awk -v ms="$(field "$1" 2)" -v n="$2" 'BEGIN { printf "%.0f", ms * 1e6 / n }')" ns; }
persec() { figure "$1_speed" "$(awk -v ms="$(field "$1" 2)" -v n="$2" 'BEGIN { printf "%.0f", n * 1e3 / ms }')" "$3"; }

# ---- traffic --------------------------------------------------------------------------------------------------

# slirp4netns beside a process in network and user namespaces of the same user.
slirp_client() {
	cat >$B/slirp <<-END
		#!/bin/bash
		# The client's standard input is given by another number: a job in the background has none.
		exec 3<&0
		unshare --user --map-root-user --net bash -c 'read -r _ <$B/slirp.up; exec $B/traffic work $FAR 80 <&3' &
		child=\$!
		until [ "\$(readlink /proc/\$child/ns/net)" != "\$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
		$SLIRP --configure --mtu=65520 --ready-fd=4 \$child tap0 4>$B/slirp.up >/dev/null &
		slirp=\$!
		wait \$child
		rc=\$?
		kill \$slirp
		exit \$rc
	END
	chmod 0755 $B/slirp
	mkfifo $B/slirp.up
	chmod 0666 $B/slirp.up
	client slirp4netns $AS $B/slirp
}

# By one user, to the other host: from the host, out of a room, and as tools without root do it.
traffic() {
	local name peers="" what count unit
	mount -t tmpfs -o mode=0755 bench /dev/net && mknod -m 0666 /dev/net/tun c 10 200 || die "no tun"
	AS="/usr/bin/setpriv --reuid plain --regid plain --clear-groups"
	SLIRP=${SLIRP4NETNS:-$(command -v slirp4netns)}
	client host $AS $B/traffic work $FAR 80
	client nat $SSH nat@127.0.0.1 $B/traffic work $FAR 80
	if command -v pasta >/dev/null; then
		client pasta $AS pasta --quiet --ipv4-only --config-net -- $B/traffic work $FAR 80
		peers=pasta
	fi
	[ -z "$SLIRP" ] || { slirp_client && peers+=" slirp4netns"; }
	step "TCP: host, nat, ${peers:-no peers here}"
	turns "$FEW" bulk 32 host nat $peers
	turns "$FEW" rate 100 host nat $peers
	for what in bulk=32:MiB/s rate=100:/s; do # also in absolute numbers, of which little holds elsewhere
		IFS='=:' read -r what count unit <<<"$what"
		for name in nat $peers; do
			ratio "${what}_$name" "${what}_$name" "${what}_host"
			persec "${what}_$name" "$count" "$unit"
			persec "${what}_host" "$count" "$unit"
		done
	done
	leave host nat $peers
}

mount --make-rprivate /
ip link set lo up
stage_files "$REPO" "$CARREL_BUILD"
cp "$CARREL_BUILD"/tests/bench/traffic $B/
cp "$CARREL_BUILD"/carrel-net $B/ 2>/dev/null || BENCH_ONLY=${BENCH_ONLY:-learn gate} # built without libnftables
stage_cgroup
cable
policies_make
stage_ssh
sleep 1
for part in ${BENCH_ONLY:-learn nat gate traffic many}; do $part; done
step done
echo "$(uname -srm), $(nproc) CPUs, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), load $(cut -d ' ' -f 1 /proc/loadavg)"
table "${GOALS[@]}"
