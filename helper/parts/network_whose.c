// SPDX-License-Identifier: Apache-2.0
/*
 * Whose is a port of the host's that is taken? For the log of a login that goes on without it.
 *
 * Runs in: helper (root, host namespaces). Source: proc_pid_net(5).
 * R1: it looks until a time that one login has for all its ports, and when no lock is held: how many processes and
 * descriptors there are to look at is any user's choice. Names of programs are the programs' own choice, too: they are
 * quoted.
 */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "helper/parts/network.h"
#include "plan/net/served.h"

#define LISTENS 0x0a /* a state of TCP's */

/* The socket that has the port, one that listens rather than another: its inode, or 0. @ret_uid  of its owner */
static uint64_t find_socket(const char *path, uint16_t port, uint32_t *ret_uid, int64_t end_ms)
{
	scoped_file *f = fopen(path, "re");
	uint64_t found = 0, inode;
	unsigned int local, state;
	char line[512];
	uint32_t uid;

	while (f && fgets(line, sizeof(line), f) && crl_now_ms() < end_ms) {
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %" SCNu32 " %*u %" SCNu64,
			   &local, &state, &uid, &inode) != 4 ||
		    local != port || inode == 0 || (found && state != LISTENS))
			continue;
		found = inode;
		*ret_uid = uid;
		if (state == LISTENS)
			break;
	}
	return found;
}

/* R1 */
static bool has_socket(const char *pid, const char *want, int64_t end_ms)
{
	char path[300], target[64];
	const struct dirent *e;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir)) && crl_now_ms() < end_ms) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, want) == 0;
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

/* R1 */
static void name_of(const char *pid, char *ret, size_t size)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (crl_file_read(AT_FDCWD, path, ret, size) <= 0)
		(void)snprintf(ret, size, "?");
	ret[strcspn(ret, "\n")] = '\0';
	for (char *c = ret; *c; c++)
		if (!isgraph((unsigned char)*c) || *c == '"')
			*c = '?';
}

static bool find_program(uint64_t inode, int64_t end_ms, char ret[CRL_NETWORK_WHOSE], uint32_t uid)
{
	DIR *dir = opendir("/proc");
	char want[40], name[20];
	const struct dirent *e;
	bool found = false;

	(void)snprintf(want, sizeof(want), "socket:[%" PRIu64 "]", inode);
	while (dir && !found && (e = readdir(dir)) && crl_now_ms() < end_ms) {
		if (!isdigit((unsigned char)e->d_name[0]) || !has_socket(e->d_name, want, end_ms))
			continue;
		found = true;
		name_of(e->d_name, name, sizeof(name));
		(void)snprintf(ret, CRL_NETWORK_WHOSE, "\"%s\", process %.10s, uid %" PRIu32, name, e->d_name, uid);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

void crl_network_whose(const struct crl_publish_port *p, int64_t end_ms, char ret[CRL_NETWORK_WHOSE])
{
	static const char *const tables[][2] = {{"/proc/net/tcp6", "/proc/net/tcp"},
						{"/proc/net/udp6", "/proc/net/udp"}};
	uint64_t inode = 0;
	uint32_t uid = 0;

	for (size_t i = 0; i < 2 && inode == 0; i++)
		inode = find_socket(tables[p->proto == CRL_PUBLISH_UDP][i], p->port, &uid, end_ms);
	if (inode == 0)
		(void)snprintf(ret, CRL_NETWORK_WHOSE, "by whom cannot be told");
	else if (!find_program(inode, end_ms, ret, uid))
		(void)snprintf(ret, CRL_NETWORK_WHOSE, "by a socket of uid %" PRIu32, uid);
}
