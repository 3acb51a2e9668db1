# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Compares what two logins have said of themselves (same.sh) with what docs/policies.md says of rooms. Sourced.

# POLICIES (or *) :: KEY, an extended regular expression :: row of the document's table, its first cell
same_list() {
	cat <<-'END'
	* :: mount /.* :: the host's file systems as they are mounted
	* :: /(boot|lost\+found|media|mnt|root|nonexist)(/.*)? :: directories of the administrator's and of other people
	* :: /home/.* :: directories of the administrator's and of other people
	* :: /etc/carrel(/.*)? :: directories of the administrator's and of other people
	strict :: /(opt|srv)(/.*)? :: directories of the administrator's and of other people
	strict :: /var/(backups|cache|crash)(/.*)? :: directories of the administrator's and of other people
	strict :: /etc/(shadow|gshadow|sudoers|sudoers\.d)-? :: directories of the administrator's and of other people
	* :: (writable )?/srv/everybody :: what packages and administrators let many people write to
	* :: (writable )?/var/(spool|mail)(/.*)? :: `/var/spool`, `/var/mail`: cron, at, mail, print jobs
	* :: /var/log(/.*)? :: `/var/log`: logs that everybody may read, `btmp`, `faillog`
	* :: (writable )?/tmp/.+ :: what is in the host's `/tmp` and `/var/tmp`
	* :: (writable )?/var/tmp/.+ :: what is in the host's `/tmp` and `/var/tmp`
	* :: (writable )?/dev/.+ :: devices: `/dev/fuse`, `/dev/net/tun`, `/dev/kvm`, sound, GPUs, serial lines, disks
	* :: (writable )?/run/user/[0-9]+(/.+)? :: a service manager and a bus of the user's (`systemctl --user`, `dbus-user-session`)
	* :: env DBUS_SESSION_BUS_ADDRESS :: a service manager and a bus of the user's (`systemctl --user`, `dbus-user-session`)
	* :: (writable )?/run/.+ :: sockets and files of services in `/run`: system bus, udev, `/run/systemd/system`
	* :: env XAUTHORITY :: `~/.Xauthority`
	* :: process cgroup :: its place in the host's control groups
	* :: process keyring :: keys in the kernel: keyctl, Kerberos' KEYRING caches
	* :: process securebits, parent's death :: privileges that set-user-ID programs can give
	* :: status (CapBnd|NoNewPrivs|Seccomp) :: privileges that set-user-ID programs can give
	* :: process started by :: sshd's own process of the login among its processes
	* :: terminal w :: w(1)'s line of oneself
	* :: /proc/sys/net/.* :: all of `/proc/sys/net`
	* :: /proc/sys/fs/binfmt_misc/.* :: what the kernel tells of the host in `/proc` and `/sys`
	* :: /proc/[a-z_]+ :: what the kernel tells of the host in `/proc` and `/sys`
	* :: /sys/.* :: what the kernel tells of the host in `/proc` and `/sys`
	END
}

same_once() {
	awk -F '\t' '!seen[$1]++' "$1" | LC_ALL=C sort -t $'\t' -k 1,1
}

# same_differences BARE ROOM: "KEY<tab>bare: VALUE, room: VALUE" for each key with another value
same_differences() {
	LC_ALL=C join -t $'\t' -a 1 -a 2 -e nothing -o 0,1.2,2.2 <(same_once "$1") <(same_once "$2") |
		awk -F '\t' '$2 != $3 { print $1 "\tbare: " $2 ", room: " $3 }'
}

# same_unexpected POLICY: of standard input's differences those that no entry covers
same_unexpected() {
	grep -vE "^($(same_list |
		awk -F ' :: ' -v p="$1" '$1 == "*" || index(" " $1 " ", " " p " ") { printf "%s%s", sep, $2; sep = "|" }'))"$'\t'
}

# same_basic: of standard input's differences those that nothing explains, though an entry's pattern takes them in
same_basic() {
	local places='dev/(null|zero|full|random|urandom|fd|std.*|shm|mqueue|log|pts)|run/(shm|lock|screen|motd\.dynamic)|tmp|var/tmp'
	places+='|tmp/\.(X11|ICE|XIM|font)-unix|proc/(meminfo|cpuinfo|self|stat|uptime)'
	places+='|proc/sys/(kernel|fs/mqueue|net/(unix|ipv4/ip_|core/somaxconn)).*'
	grep -E "^((writable )?/($places)|terminal (who|name|device))"$'\t'
}

# same_unused: entries of the list that no difference on standard input needs
same_unused() {
	local all key
	all=$(cut -f 1 | sort -u)
	same_list | awk -F ' :: ' '{ print $2 }' | while read -r key; do
		grep -qxE -- "$key" <<<"$all" || echo "$key"
	done
}

# same_rows_missing DOCUMENT: rows that its table has not
same_rows_missing() {
	local row
	same_list | awk -F ' :: ' '{ print $3 }' | sort -u | while read -r row; do
		grep -qF "| $row |" "$1" || echo "$row"
	done
}
