// SPDX-License-Identifier: Apache-2.0
/*
 * What new namespaces begin with, found out once a boot and kept in STATE/cache, so that a room's own settings are
 * looked at only where the host's are others.
 *
 * Runs in: helper (root, host namespaces); the look itself in a child.
 * R1: when it cannot be known, everything is compared in the room, as if there were no such file. So it is when the
 * kernel does not come to make a network in time, since users have it take down thousands of theirs.
 */
#include "helper/parts.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "apply/settings.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/nskind.h"
#include "helper/init/init.h"
#include "helper/job.h"
#include "state/trial/trial.h"

#define NAME "new-namespaces"
#define TEXT_SIZE 8192
#define FIND_MS 3000
#define NAMESPACES (CRL_NS_BIT(CRL_NS_IPC) | CRL_NS_BIT(CRL_NS_NET))

/* What the file begins with; another boot may be another kernel. */
static bool print_head(char *buf, size_t size)
{
	struct crl_trial_now now;

	return crl_trial_clock(&now) == 0 && snprintf(buf, size, "boot=%s\n", now.boot) < (int)size;
}

static bool inherits(void)
{
	char text[16];

	return crl_file_read(AT_FDCWD, "/proc/sys/net/core/devconf_inherit_init_net", text, sizeof(text)) >= 0 &&
	       text[0] != '0';
}

static int write_file(int cache, const char *text)
{
	char beside[40];

	(void)snprintf(beside, sizeof(beside), "%d-" NAME ".new",
		       (int)getpid()); /* crl_filter_cache_sweep() knows the form */
	return crl_file_replace(
		cache,
		&(struct crl_file){.name = NAME, .beside = beside, .data = text, .len = strlen(text), .mode = 0600});
}

/* In the child. */
static int find_out(int cache, const char *head)
{
	static struct crl_settings settings;
	char text[TEXT_SIZE];
	bool inherited = inherits();
	size_t len = strlen(head);
	int rc;

	if (unshare(CLONE_NEWIPC | CLONE_NEWNET) < 0)
		return -errno;
	crl_settings_read(&settings, NAMESPACES);
	memcpy(text, head, len);
	rc = crl_settings_print(&settings, inherited, text + len, sizeof(text) - len);
	return rc < 0 ? rc : write_file(cache, text);
}

static bool load(int cache, const char *head, char text[TEXT_SIZE])
{
	return crl_file_read(cache, NAME, text, TEXT_SIZE) >= 0 && strncmp(text, head, strlen(head)) == 0;
}

/* A network that the room only joins has the administrator's settings. */
static uint32_t own_namespaces(const struct crl_job *job)
{
	return job->policy.namespaces & (job->policy.net_mode == CRL_NET_JOIN ? ~CRL_NS_BIT(CRL_NS_NET) : UINT32_MAX);
}

/* R1 */
static void leave_out(const struct crl_job *job, struct crl_settings *io)
{
	char head[64], text[TEXT_SIZE];
	pid_t child;

	if (!(own_namespaces(job) & NAMESPACES) || !print_head(head, sizeof(head)))
		return;
	if (load(job->state.cache, head, text)) {
		crl_settings_leave_out(io, text + strlen(head));
		return;
	}
	child = fork();
	if (child == 0)
		_exit(find_out(job->state.cache, head) < 0);
	if (child > 0 && crl_child_answer(child, crl_now_ms() + FIND_MS) == 0 && load(job->state.cache, head, text))
		crl_settings_leave_out(io, text + strlen(head));
}

/* It waits for them when it has mounted. An init that is gone is told of by who waits for its word. */
static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	struct crl_settings settings; /* on the stack, which is given back */

	(void)room;
	(void)mounts;
	crl_settings_read(&settings, own_namespaces(job));
	leave_out(job, &settings);
	if (send(init, &settings, sizeof(settings), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE,
				   "cannot hand the host's settings to the room's init");
	return 0;
}

/* The host's, which the helper has read meanwhile. @sys  the host's, from before the room's root */
static int in_room(const struct crl_init_args *args, int sys, struct crl_err *err)
{
	struct crl_settings settings; /* on the stack, which is given back */

	if (recv(args->channel, &settings, sizeof(settings), 0) != (ssize_t)sizeof(settings))
		return crl_err_set(err, EPIPE, CRL_STAGE_NAMESPACE, "the helper sent no settings");
	crl_settings_write(&settings, sys);
	return 0;
}

const struct crl_part crl_part_settings = {
	.name = "settings",
	.equip = equip,
	.in_room = in_room,
	.undo_not = "they are of the room's namespaces, which the kernel takes away",
	.end_not = "they are of the room's namespaces, which the kernel takes away",
	.leaves = "STATE/cache/" NAME,
	.sweep_not = "one file a host, which every room of this boot uses; of another boot it is written anew",
};
