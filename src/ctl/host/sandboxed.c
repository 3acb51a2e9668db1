// SPDX-License-Identifier: Apache-2.0
/* See sandboxed.h. Source: proc(5), proc_pid_mountinfo(5). */
#include "ctl/host/sandboxed.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/words.h"

#define CAPS_KNOWN 63

static FILE *open_of(const char *proc, pid_t pid, const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%d/%s", proc, (int)pid, name);
	return fopen(path, "re");
}

static int read_status(const char *proc, struct ctl_sandboxed *ret)
{
	scoped_file *f = open_of(proc, ret->pid, "status");
	scoped_free char *line = NULL;
	uint64_t bounding = UINT64_MAX;
	unsigned int mode = 0;
	size_t size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		(void)sscanf(line, "CapBnd: %" SCNx64, &bounding);
		(void)sscanf(line, "Seccomp: %u", &mode);
	}
	ret->lost = ~bounding;
	ret->filter = mode == 2;
	return 0;
}

static void read_limits(const char *proc, struct ctl_sandboxed *ret)
{
	scoped_file *f = open_of(proc, ret->pid, "limits");
	scoped_free char *line = NULL;
	size_t size = 0;

	ret->nofile = UINT64_MAX; /* "unlimited", or nobody can tell */
	while (f && getline(&line, &size, f) > 0)
		(void)sscanf(line, "Max open files %" SCNu64, &ret->nofile);
}

/* The last part of its cgroup that is a service. "0::/system.slice/ssh.service", "1:name=systemd:/…" */
static void read_unit(const char *proc, struct ctl_sandboxed *ret)
{
	scoped_file *f = open_of(proc, ret->pid, "cgroup");
	scoped_free char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		char *path = strstr(line, ":/"), *rest = NULL;
		bool systemds = strncmp(line, "0::", 3) == 0 || strstr(line, ":name=systemd:");

		line[strcspn(line, "\n")] = '\0';
		for (char *part = path && systemds ? strtok_r(path + 1, "/", &rest) : NULL; part;
		     part = strtok_r(NULL, "/", &rest)) {
			size_t len = strlen(part);

			if (len > 8 && len < sizeof(ret->unit) && strcmp(part + len - 8, ".service") == 0)
				(void)strcpy(ret->unit, part);
		}
	}
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int ctl_sandboxed_read(const char *proc, pid_t pid, struct ctl_sandboxed *ret)
{
	char theirs[PATH_MAX], ours[PATH_MAX];
	int rc;

	*ret = (struct ctl_sandboxed){.pid = pid};
	rc = read_status(proc, ret);
	if (rc < 0)
		return rc;
	read_limits(proc, ret);
	read_unit(proc, ret);
	(void)snprintf(theirs, sizeof(theirs), "%s/%d/ns/user", proc, (int)pid);
	(void)snprintf(ours, sizeof(ours), "%s/self/ns/user", proc);
	ret->other_users = access(theirs, F_OK) == 0 && access(ours, F_OK) == 0 && !is_same_file(theirs, ours);
	return 0;
}

/* Of the mounts that hold the path the longest, and of those at one place the last, which lies on top. */
static bool mount_has(const char *proc, pid_t pid, const char *path, const char *word)
{
	scoped_file *f = open_of(proc, pid, "mountinfo");
	scoped_free char *line = NULL;
	size_t size = 0, longest = 0;
	bool found = false;

	while (f && getline(&line, &size, f) > 0) {
		char point[PATH_MAX], options[256];
		const char *tail = strstr(line, " - "), *super = tail ? strrchr(tail, ' ') : NULL;

		if (!super || sscanf(line, "%*d %*d %*s %*s %4095s %255s", point, options) != 2 ||
		    !crl_path_is_within(path, point) || strlen(point) < longest)
			continue;
		longest = strlen(point);
		found = crl_word_is_in(options, word, ",") ||
			(strcmp(word, "ro") == 0 && crl_word_is_in(super + 1, word, ",\n"));
	}
	return found;
}

bool ctl_sandboxed_is_read_only(const char *proc, pid_t pid, const char *path)
{
	return mount_has(proc, pid, path, "ro");
}

bool ctl_sandboxed_is_noexec(const char *proc, pid_t pid, const char *path)
{
	return mount_has(proc, pid, path, "noexec");
}

bool ctl_sandboxed_sees_other(const char *proc, pid_t pid, const char *path)
{
	char theirs[PATH_MAX];

	(void)snprintf(theirs, sizeof(theirs), "%s/%d/root%s", proc, (int)pid, path);
	return access(path, F_OK) == 0 && !is_same_file(theirs, path);
}
