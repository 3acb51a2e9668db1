// SPDX-License-Identifier: Apache-2.0
/*
 * What root of a room could do that nobody else in it is there to try. See room_root.h.
 *
 * Runs in: a process of the user's inside the room, as its root.
 */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/probe_attack.h"
#include "ctl/rehearse/rehearsal.h"

/* linux/netfilter_ipv4/ip_tables.h and its kind: each family's first number, with which a table is replaced. */
#define REPLACE_TABLE 64
#define REPLACE_BRIDGE_TABLE 128

/* The kernel's own word: the first column is the room's, the second what it is where the namespace was made. */
static enum ctl_answer root_outside(const struct ctl_scene *s, char *detail)
{
	scoped_file *f = fopen("/proc/self/uid_map", "re");
	uint32_t inside, outside, count;

	(void)s;
	while (f && fscanf(f, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside, &outside, &count) == 3)
		if (inside == 0)
			return ctl_probe_say(outside == 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
					     "root of the room is uid %" PRIu32 " outside", outside);
	return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "/proc/self/uid_map has no root");
}

/* Too short to be a table: who gets as far as that is told EINVAL, or that the kernel has no such tables. */
static enum ctl_answer tables(const struct ctl_scene *s, char *detail)
{
	static const struct {
		int family, level, option;
	} each[] = {
		{AF_INET, IPPROTO_IP, REPLACE_TABLE},
		{AF_INET6, IPPROTO_IPV6, REPLACE_TABLE},
		{AF_INET, IPPROTO_IP, REPLACE_TABLE + 32}, /* ARP's */
		{AF_INET, IPPROTO_IP, REPLACE_BRIDGE_TABLE},
	};

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(each); i++) {
		scoped_fd fd = socket(each[i].family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && (setsockopt(fd, each[i].level, each[i].option, "", 1) == 0 || errno != EPERM))
			return ctl_probe_say(CTL_PROBE_YES, detail, "level %d, option %d: %s", each[i].level,
					     each[i].option, strerrorname_np(errno));
	}
	return ctl_probe_say(CTL_PROBE_NO, detail, "EPERM");
}

/* Of the host's: in a room whose root its user is, what has these names would be the room's, and there are none. */
static enum ctl_answer host_secrets(const struct ctl_scene *s, char *detail)
{
	static const char *const secrets[] = {"/etc/ssh/ssh_host_*_key", "/etc/krb5.keytab", "/etc/ssl/private/*",
					      "/root/.ssh/*", "/var/lib/private/*"};
	enum ctl_answer a = ctl_probe_say(CTL_PROBE_NO, detail, "none can be read");
	glob_t found = {0};
	char byte;

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(secrets); i++)
		(void)glob(secrets[i], GLOB_NOSORT | (i ? GLOB_APPEND : 0), NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && a == CTL_PROBE_NO; i++) {
		scoped_fd fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd >= 0 && read(fd, &byte, 1) == 1)
			a = ctl_probe_say(CTL_PROBE_YES, detail, "%.120s", found.gl_pathv[i]);
	}
	globfree(&found);
	return a;
}

const struct ctl_attack ctl_attacks_root[] = {
	{CTL_V_IMAGE, 10, "be root outside", root_outside},
	{CTL_V_SECRETS, 9, "read keys and secrets of the host's root", host_secrets},
	{CTL_V_KERNEL, 4, "the firewall's tables by setsockopt", tables},
	{0, 0, NULL, NULL},
};
