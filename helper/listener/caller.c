// SPDX-License-Identifier: Apache-2.0
/*
 * Who made a call that a listener was told of, as /proc has it.
 *
 * Runs in: listener, in its sandbox. Names of programs are hostile text.
 * R1: nobody is named but who made the call: a caller that is killed meanwhile leaves its number to others.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "base/parse.h"
#include "helper/listener/listener.h"

/* The value of a line "KEY:\tVALUE…" of /proc/PID/status, up to the next blank. */
static bool find_field(const char *status, const char *key, char *buf, size_t size)
{
	const char *at = strstr(status, key);
	size_t len;

	if (!at)
		return false;
	at += strlen(key);
	len = strcspn(at, "\t\n");
	len = len < size ? len : size - 1;
	memcpy(buf, at, len);
	buf[len] = '\0';
	return true;
}

static bool find_number(const char *status, const char *key, uint64_t *ret)
{
	char word[24];

	return find_field(status, key, word, sizeof(word)) && crl_parse_uint(word, 0, UINT32_MAX, ret) == 0;
}

/* A thread has a name of its own, which says less than its process's. */
static void name_leader(uint64_t leader, char program[CRL_PROGRAM_MAX])
{
	char path[40], name[CRL_PROGRAM_MAX + 1];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", leader);
	n = crl_file_read(AT_FDCWD, path, name, sizeof(name));
	if (n <= 1)
		return;
	name[strcspn(name, "\n")] = '\0';
	(void)snprintf(program, CRL_PROGRAM_MAX, "%.*s", CRL_PROGRAM_MAX - 1, name);
}

static void read_status(pid_t pid, struct listened_caller *ret)
{
	char path[40], status[512];
	uint64_t leader = 0, own = ret->uid;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (crl_file_read(AT_FDCWD, path, status, sizeof(status)) < 0)
		return;
	(void)find_field(status, "Name:\t", ret->program, sizeof(ret->program));
	if (find_number(status, "\nUid:\t", &own))
		ret->uid = (uint32_t)own;
	if (find_number(status, "\nTgid:\t", &leader) && leader != (uint64_t)pid)
		name_leader(leader, ret->program);
}

/* R1: it still waits when all was read, so that it was its own. */
void crl_listener_look(const struct listened *login, const struct seccomp_notif *n, struct listened_caller *ret)
{
	const struct listened_caller unknown = {.pid = (pid_t)n->pid, .uid = login->text.orders.uid, .program = "?"};

	*ret = unknown;
	read_status((pid_t)n->pid, ret);
	if (ioctl(login->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) < 0)
		*ret = unknown;
}
