// SPDX-License-Identifier: Apache-2.0
/*
 * The table of namespace kinds.
 *
 * Runs in: every product. Source: namespaces(7).
 */
#include "base/nskind.h"

#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"

/* A process that joins a PID or time namespace stays outside itself; only its children are in. */
const struct crl_nskind crl_nskinds[CRL_NS_COUNT] = {
	[CRL_NS_MOUNT] = {"mount", "mnt", "mnt", CLONE_NEWNS, "each has"},
	[CRL_NS_PID] = {"pid", "pid_for_children", "pid", CLONE_NEWPID, "CONFIG_PID_NS"},
	[CRL_NS_UTS] = {"uts", "uts", "uts", CLONE_NEWUTS, "CONFIG_UTS_NS"},
	[CRL_NS_IPC] = {"ipc", "ipc", "ipc", CLONE_NEWIPC, "CONFIG_IPC_NS"},
	[CRL_NS_NET] = {"net", "net", "net", CLONE_NEWNET, "CONFIG_NET_NS"},
	[CRL_NS_CGROUP] = {"cgroup", "cgroup", "cgroup", CLONE_NEWCGROUP, "CONFIG_CGROUPS"},
	[CRL_NS_TIME] = {"time", "time", "time", CLONE_NEWTIME, "CONFIG_TIME_NS, Linux 5.6"},
	[CRL_NS_USER] = {"user", "user", "user", CLONE_NEWUSER, "CONFIG_USER_NS"},
};

uint32_t crl_ns_clone_flags(uint32_t mask)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < CRL_NS_COUNT; i++)
		if (mask & CRL_NS_BIT(i))
			flags |= crl_nskinds[i].clone_flag;
	return flags;
}

enum crl_ns crl_ns_by_name(const char *name)
{
	for (size_t i = 0; i < CRL_NS_COUNT; i++)
		if (!strcmp(crl_nskinds[i].name, name))
			return (enum crl_ns)i;
	return CRL_NS_COUNT;
}

uint32_t crl_ns_absent(const char *dir, uint32_t mask)
{
	uint32_t absent = 0;

	for (size_t i = 0; i < CRL_NS_COUNT; i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", dir, crl_nskinds[i].init_name);
		if ((mask & CRL_NS_BIT(i)) && access(path, F_OK) != 0)
			absent |= CRL_NS_BIT(i);
	}
	return absent;
}

const char *crl_ns_absent_text(uint32_t absent, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < CRL_NS_COUNT && !buf[0]; i++)
		if (absent & CRL_NS_BIT(i))
			(void)snprintf(buf, size, ": this kernel has no %s namespaces (%s)", crl_nskinds[i].name,
				       crl_nskinds[i].option);
	return buf;
}

uint64_t crl_ns_inode(pid_t pid, const char *kind)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}
