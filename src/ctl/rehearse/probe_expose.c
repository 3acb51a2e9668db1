// SPDX-License-Identifier: Apache-2.0
/*
 * What lies open: programs that others could change, secrets, traces of other people, the host's stores.
 *
 * Runs in: a process of the user inside the room. Nothing is written, and of what is read nothing is kept.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/probe_attack.h"
#include "ctl/rehearse/probe_network.h"
#include "ctl/rehearse/rehearsal.h"

#define NR_LISTMOUNT 458 /* younger than the headers; one number everywhere */

/* Opened and read from: does it say anything? */
static bool tells(const char *path)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char byte;

	return fd >= 0 && read(fd, &byte, 1) == 1;
}

/* Not root's, or writable: who changes these has everybody who runs them. */
static enum ctl_answer loose_programs(const struct ctl_scene *s, char *detail)
{
	static const char *const places[] = {
		"/",    "/bin", "/bin/sh",     "/usr",         "/usr/bin",         "/usr/sbin",     "/usr/lib",
		"/lib", "/etc", "/etc/passwd", "/etc/profile", "/etc/ld.so.cache", "/usr/local/bin"};
	struct stat st;

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(places); i++) {
		if (stat(places[i], &st) < 0)
			continue;
		if (st.st_uid != 0)
			return ctl_probe_say(CTL_PROBE_YES, detail, "%s belongs to uid %u", places[i], st.st_uid);
		if ((st.st_mode & S_IWOTH) || access(places[i], W_OK) == 0)
			return ctl_probe_say(CTL_PROBE_YES, detail, "%s can be written to", places[i]);
	}
	return ctl_probe_say(CTL_PROBE_NO, detail,
			     "directories of programs are root's and nobody else can write to them");
}

static enum ctl_answer held_capabilities(const struct ctl_scene *s, char *detail)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};

	(void)s;
	if (syscall(SYS_capget, &header, sets) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(sets[0].permitted || sets[1].permitted ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
			     "permitted: %08x%08x", sets[1].permitted, sets[0].permitted);
}

static enum ctl_answer core_program(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC), detail);
}

static enum ctl_answer core_dumps(const struct ctl_scene *s, char *detail)
{
	scoped_file *f = fopen("/proc/sys/kernel/core_pattern", "re");
	struct rlimit limit = {0};

	(void)s;
	if (!f || fgetc(f) != '|')
		return ctl_probe_say(CTL_PROBE_NO, detail, "the host has no program for them");
	(void)getrlimit(RLIMIT_CORE, &limit);
	/* core(5): for a program the limit does not count, but that 1 means "none" */
	return ctl_probe_say(limit.rlim_cur == 1 ? CTL_PROBE_NO : CTL_PROBE_YES, detail,
			     "core_pattern is a program that runs on the host, as root");
}

static enum ctl_answer kernel_addresses(const struct ctl_scene *s, char *detail)
{
	(void)s;
	if (access("/proc/kallsyms", F_OK) < 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "this kernel has no list of them");
	return ctl_probe_say(tells("/proc/kallsyms") ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "/proc/kallsyms");
}

static enum ctl_answer list_mounts(const struct ctl_scene *s, char *detail)
{
	const struct {
		uint32_t size, spare;
		uint64_t id, param;
	} request = {.size = 24, .id = UINT64_MAX};
	uint64_t ids[8];
	long n = syscall(NR_LISTMOUNT, &request, ids, CRL_ARRAY_LEN(ids), 0);

	(void)s;
	return ctl_probe_call(n < 0 ? n : 0, detail);
}

static enum ctl_answer watch_files(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(syscall(SYS_fanotify_init, FAN_REPORT_FID | FAN_CLOEXEC, 0), detail);
}

static enum ctl_answer weak_memory(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(personality(READ_IMPLIES_EXEC) < 0 ? -1 : 0, detail);
}

static enum ctl_answer old_calls(const struct ctl_scene *s, char *detail)
{
	(void)s;
#if defined(__x86_64__)
	int32_t r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20 /* getpid */) : "memory", "cc", "r8", "r9", "r10", "r11");
	errno = r < 0 ? -r : 0;
	return ctl_probe_call(r < 0 ? -1 : 0, detail);
#else
	return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "not on this processor");
#endif
}

static enum ctl_answer firewall(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), detail);
}

static enum ctl_answer module(const struct ctl_scene *s, char *detail)
{
	(void)s;
	/* Root's answer is ENOEXEC: nothing of a module is there. */
	if (syscall(SYS_init_module, "", 0UL, "") < 0 && errno == ENOEXEC)
		return ctl_probe_say(CTL_PROBE_YES, detail, "only the module is missing");
	return ctl_probe_refused(detail);
}

static enum ctl_answer other_memory(const struct ctl_scene *s, char *detail)
{
	static char there = 'x';
	char here;
	struct iovec to = {&here, 1}, from = {&there, 1};

	(void)s;
	return ctl_probe_call(process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0 ? -1 : 0, detail);
}

static enum ctl_answer host_keys(const struct ctl_scene *s, char *detail)
{
	static const char *const secrets[] = {"/etc/ssh/ssh_host_*_key",
					      "/etc/gshadow",
					      "/etc/sudoers",
					      "/etc/krb5.keytab",
					      "/etc/ssl/private/*",
					      "/etc/wireguard/*",
					      "/etc/ipsec.secrets",
					      "/etc/NetworkManager/system-connections/*",
					      "/root/.ssh/*",
					      "/root/.*history"};
	enum ctl_answer a = ctl_probe_say(CTL_PROBE_NO, detail, "none can be read");
	glob_t found = {0};

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(secrets); i++)
		(void)glob(secrets[i], GLOB_NOSORT | (i ? GLOB_APPEND : 0), NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && a == CTL_PROBE_NO; i++)
		if (tells(found.gl_pathv[i]))
			a = ctl_probe_say(CTL_PROBE_YES, detail, "%.120s", found.gl_pathv[i]);
	globfree(&found);
	return a;
}

static enum ctl_answer environments(const struct ctl_scene *s, char *detail)
{
	unsigned int others = 0;
	scoped(crl_dir) dir = {0};
	char path[300];
	struct stat st;

	if (crl_dir_open(AT_FDCWD, "/proc", &dir) < 0)
		return ctl_probe_refused(detail);
	for (const char *name; (name = crl_dir_next(&dir));) {
		(void)snprintf(path, sizeof(path), "/proc/%s/environ", name);
		others += name[0] >= '1' && name[0] <= '9' && fstatat(crl_dir_fd(&dir), name, &st, 0) == 0 &&
			  st.st_uid != s->who->login.uid && tells(path);
	}
	return ctl_probe_say(others > 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "of %u processes", others);
}

static enum ctl_answer shared_memory_files(const struct ctl_scene *s, char *detail)
{
	return ctl_probe_call(open(s->host_shm_file, O_RDONLY | O_CLOEXEC), detail);
}

static enum ctl_answer shared_memory(const struct ctl_scene *s, char *detail)
{
	struct shmid_ds ds;

	/* By its key: an id of the host's may be another segment's in the room. */
	return ctl_probe_call(s->host_shm_key && shmget(s->host_shm_key, 0, 0) >= 0 &&
					      shmctl(shmget(s->host_shm_key, 0, 0), IPC_STAT, &ds) == 0
				      ? 0
				      : -1,
			      detail);
}

static enum ctl_answer login_history(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_say(tells("/var/log/wtmp") ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "/var/log/wtmp");
}

static enum ctl_answer host_logs(const struct ctl_scene *s, char *detail)
{
	static const char *const own[] = {"wtmp", "btmp", "lastlog", "faillog"}; /* seen to elsewhere */
	enum ctl_answer a = ctl_probe_say(CTL_PROBE_NO, detail, "none can be read");
	scoped(crl_dir) dir = {0};
	struct stat st;
	char path[300];

	(void)s;
	if (crl_dir_follow(AT_FDCWD, "/var/log", &dir) < 0)
		return ctl_probe_refused(detail);
	for (const char *name; a == CTL_PROBE_NO && (name = crl_dir_next(&dir));) {
		bool skip = fstatat(crl_dir_fd(&dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode);

		for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++)
			skip |= strcmp(name, own[i]) == 0;
		(void)snprintf(path, sizeof(path), "/var/log/%s", name);
		if (!skip && tells(path))
			a = ctl_probe_say(CTL_PROBE_YES, detail, "%.120s", path);
	}
	return a;
}

/* Where providers of virtual machines hand out credentials. connect(2) sends no datagram. */
static enum ctl_answer signal_init(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(kill(1, 0), detail);
}

static enum ctl_answer fill_tmp(const struct ctl_scene *s, char *detail)
{
	struct stat st;

	if (stat("/tmp", &st) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(st.st_dev == s->host_tmp ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
			     st.st_dev == s->host_tmp ? "/tmp is the host's" : "/tmp is the room's, of limited size");
}

static enum ctl_answer take_terminals(const struct ctl_scene *s, char *detail)
{
	scoped_file *f = fopen("/proc/self/mounts", "re");
	char line[4096];

	(void)s;
	if (!f)
		return ctl_probe_refused(detail);
	while (fgets(line, sizeof(line), f)) {
		const char *max = strstr(line, " /dev/pts devpts ") ? strstr(line, ",max=") : NULL;

		if (max)
			return ctl_probe_say(CTL_PROBE_NO, detail, "%.*s in a room at the most",
					     (int)strspn(max + 5, "0123456789"), max + 5);
	}
	return ctl_probe_say(CTL_PROBE_YES, detail, "as many as the host has");
}

const struct ctl_attack ctl_attacks_expose[] = {
	{CTL_V_HOST, 3, "reach the host's shared memory (System V)", shared_memory},
	{CTL_V_HOST, 2, "read who logged in, when and from where", login_history},
	{CTL_V_HOST, 3, "read the host's logs", host_logs},
	{CTL_V_APPLICATION, 1, "read memory of processes of its own (process_vm_readv)", other_memory},
	{CTL_V_IMAGE, 9, "change the programs that are run", loose_programs},
	{CTL_V_PRIVILEGES, 9, "hold capabilities", held_capabilities},
	{CTL_V_PRIVILEGES, 10, "name the program for core dumps", core_program},
	{CTL_V_PRIVILEGES, 10, "load a kernel module", module},
	{CTL_V_KERNEL, 3, "read addresses of the kernel", kernel_addresses},
	{CTL_V_KERNEL, 2, "list mounts by listmount", list_mounts},
	{CTL_V_KERNEL, 2, "fanotify", watch_files},
	{CTL_V_KERNEL, 2, "switch off protection of its memory (personality)", weak_memory},
	{CTL_V_KERNEL, 2, "32-bit calls", old_calls},
	{CTL_V_KERNEL, 4, "the firewall's netlink", firewall},
	{CTL_V_SECRETS, 9, "read keys and secrets of root's", host_keys},
	{CTL_V_SECRETS, 6, "read the environment of others' processes", environments},
	{CTL_V_SECRETS, 4, "read what others put into /dev/shm", shared_memory_files},
	{CTL_V_SECRETS, 2, "leave core dumps to a program of the host", core_dumps},
	{CTL_V_NETWORK, 6, "ask a cloud's metadata service", ctl_reach_metadata},
	{CTL_V_ESCAPE, 5, "signal the room's init", signal_init},
	{CTL_V_OTHER, 3, "fill the host's /tmp", fill_tmp},
	{CTL_V_OTHER, 2, "take all terminals", take_terminals},
	{0, 0, NULL, NULL},
};

ctl_probe *const ctl_by_root_expose[] = {
	core_program, module, kernel_addresses, list_mounts, watch_files, firewall, host_logs, signal_init, NULL,
};
