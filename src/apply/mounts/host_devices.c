// SPDX-License-Identifier: Apache-2.0
/*
 * See host_devices.h.
 *
 * R1: what somebody else than root could have put somewhere is no device of the host's. R2: what each room has of its
 * own stays that.
 */
#include "apply/mounts/host_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/dir.h"
#include "base/root.h"
#include "policy/devices.h"

#define DEPTH_MAX 8

struct device_walk {
	int dev;
	dev_t fs; /* /dev's */
	bool exact;
	crl_device_each *each;
	void *arg;
	char path[PATH_MAX]; /* "/dev/dri" so far */
};

static int walk(struct device_walk *w, int dir, const char *rest, unsigned int depth);

/* R1. A link is looked through beneath /dev alone, so that it ends where only root puts nodes. */
static int open_link(const struct device_walk *w)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};

	return (int)syscall(SYS_openat2, w->dev, w->path + strlen("/dev/"), &how, sizeof(how));
}

static bool read_name(int fd, char ret[PATH_MAX])
{
	char path[40];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
	n = readlink(path, ret, PATH_MAX - 1);
	ret[n < 0 ? 0 : n] = '\0';
	return ret[0] == '/';
}

/* Some are known by their names alone, and a link has another. @to  what it leads to */
static const char *peril_of_link(const struct device_walk *w, int to, const struct stat *st)
{
	char dev[PATH_MAX], real[PATH_MAX];

	if (!read_name(w->dev, dev) || !read_name(to, real) || strncmp(real, dev, strlen(dev)) != 0)
		return "a link to what has no name";
	return crl_devices_peril(st->st_mode, st->st_rdev, real + strlen(dev) + 1);
}

static int tell(struct device_walk *w, const struct stat *name)
{
	struct crl_device_found f = {.path = w->path, .st = name};
	scoped_fd to = -EBADF;
	struct stat st;

	if (S_ISLNK(name->st_mode)) {
		to = crl_hostroot_owns(name) ? open_link(w) : -EBADF;
		f.st = to >= 0 && fstat(to, &st) == 0 ? &st : NULL;
		if (!f.st)
			f.why_not = "a link to nothing, or out of /dev";
	}
	if (f.st && !S_ISCHR(f.st->st_mode) && !S_ISBLK(f.st->st_mode)) {
		f.st = NULL;
		f.why_not = "no device";
	}
	if (f.st)
		f.peril = crl_devices_peril(f.st->st_mode, f.st->st_rdev, w->path + strlen("/dev/"));
	if (f.st && !f.peril && to >= 0)
		f.peril = peril_of_link(w, to, &st);
	if (f.peril && !w->exact)
		f.why_not = f.peril;
	return w->each(w->arg, &f);
}

/* R1 */
static int enter(struct device_walk *w, int at, const char *name, const char *rest, unsigned int depth)
{
	scoped_fd dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES ? 0 : -errno;
	if (fstat(dir, &st) < 0)
		return -errno;
	if (st.st_dev != w->fs || !crl_hostroot_owns(&st) || st.st_mode & 022)
		return 0;
	return walk(w, dir, rest, depth + 1);
}

/* @rest  of the pattern behind this component, or NULL */
static int meet(struct device_walk *w, int dir, const char *name, const char *rest, unsigned int depth)
{
	size_t len = strlen(w->path);
	struct stat st;
	int rc = 0;

	if (depth == 0 && crl_devices_is_own(name)) /* R2 */
		return 0;
	if ((size_t)snprintf(w->path + len, sizeof(w->path) - len, "/%s", name) >= sizeof(w->path) - len)
		rc = -ENAMETOOLONG;
	else if (rest)
		rc = enter(w, dir, name, rest, depth);
	else if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = tell(w, &st);
	else if (errno != ENOENT)
		rc = -errno;
	w->path[len] = '\0';
	return rc;
}

static int walk(struct device_walk *w, int at, const char *rest, unsigned int depth)
{
	size_t len = strcspn(rest, "/");
	const char *next = rest[len] ? rest + len + 1 : NULL;
	scoped(crl_dir) dir = {0};
	char part[NAME_MAX + 1];
	int rc;

	if (depth == DEPTH_MAX || len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, rest, len);
	part[len] = '\0';
	if (crl_devices_is_exact(part))
		return meet(w, at, part, next, depth);
	rc = crl_dir_open(at, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if (fnmatch(part, name, FNM_PERIOD) == 0)
			rc = meet(w, at, name, next, depth);
	return rc < 0 ? rc : dir.error;
}

int crl_find_devices(int dev, const char *pattern, crl_device_each *each, void *arg)
{
	struct device_walk w = {
		.dev = dev, .exact = crl_devices_is_exact(pattern), .each = each, .arg = arg, .path = "/dev"};
	struct stat st;

	if (crl_devices_fault(pattern))
		return -EINVAL;
	if (fstat(dev, &st) < 0)
		return -errno;
	w.fs = st.st_dev;
	return walk(&w, dev, pattern + strlen("/dev/"), 0);
}

struct device_list {
	struct crl_host *host;
	size_t met; /* by this pattern */
};

static int add(void *arg, const struct crl_device_found *found)
{
	struct device_list *l = arg;
	struct crl_host *h = l->host;
	char **grown;

	if (found->why_not)
		return 0;
	l->met++;
	for (size_t i = 0; i < h->devices_len; i++)
		if (strcmp(h->devices[i], found->path) == 0)
			return 0;
	if (h->devices_len == CRL_DEVICES_MAX)
		return -E2BIG;
	grown = reallocarray(h->devices, h->devices_len + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	h->devices = grown;
	h->devices[h->devices_len] = strdup(found->path);
	return h->devices[h->devices_len] ? (int)(h->devices_len++, 0) : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_list(struct crl_host *host, int dev, const struct crl_strv *patterns, bool required, struct crl_err *err)
{
	const char *key = required ? "root.devices_required" : "root.devices";

	for (size_t i = 0; i < patterns->len; i++) {
		struct device_list l = {.host = host};
		int rc = crl_find_devices(dev, patterns->item[i], add, &l);

		if (rc == -E2BIG)
			return crl_err_set(err, E2BIG, CRL_STAGE_MOUNT,
					   "%s: more than %d devices of this host are meant", key, CRL_DEVICES_MAX);
		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "%s: cannot look for \"%s\"", key,
					   patterns->item[i]);
		if (required && l.met == 0)
			return crl_err_set(err, ENODEV, CRL_STAGE_MOUNT, "%s: found no device \"%s\" on this host", key,
					   patterns->item[i]);
	}
	return 0;
}

int crl_find_host_devices(const struct crl_policy *p, struct crl_host *host, struct crl_err *err)
{
	scoped_fd dev = -EBADF;
	int rc;

	if (p->devices.len == 0 && p->devices_required.len == 0)
		return 0;
	dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dev < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "root.devices: cannot read /dev");
	rc = add_list(host, dev, &p->devices_required, true, err);
	if (rc == 0)
		rc = add_list(host, dev, &p->devices, false, err);
	if (rc == 0 && host->devices_len > 1)
		qsort(host->devices, host->devices_len, sizeof(*host->devices), by_name);
	return rc;
}
