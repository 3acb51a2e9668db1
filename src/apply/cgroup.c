// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `cgroupfs`.
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#include "apply/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "apply/cgroup_limits.h"
#include "proto/proto.h"

#define SLICE     "carrel.slice"
#define RACES_MAX 64 /* times that another login's leaving may take our parent away */
#define KILLS_MAX 64 /* rounds of killing one by one */
#define DIRS_MODE 0755
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

static int open_cgroup2(const char *path, int *ret_fd)
{
	scoped_fd fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EMEDIUMTYPE;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* From a directory of cgroup v2 up to the top of its mount. Returns how many levels that was, or -errno. */
static int climb(int *fd)
{
	for (int levels = 0;; levels++) {
		scoped_fd above = openat(*fd, "..", DIR_FLAGS);
		struct stat here, there;
		struct statfs fs;

		if (above < 0 || fstat(*fd, &here) < 0 || fstat(above, &there) < 0 || fstatfs(above, &fs) < 0)
			return -errno;
		if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC ||
		    (here.st_dev == there.st_dev && here.st_ino == there.st_ino))
			return levels;
		drop_fd(fd);
		*fd = take_fd(&above);
	}
}

static int open_configured(const char *path, int *ret_fd, char ret_prefix[CRL_SLICE_MAX])
{
	char link[32], real[PATH_MAX], *name;
	scoped_fd fd = -EBADF;
	int r = open_cgroup2(path, &fd);
	ssize_t n;

	if (r < 0)
		return r;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	r = n < 0 ? -errno : climb(&fd);
	if (r < 0)
		return r;
	real[n] = '\0';
	name = real + n;
	for (int levels = r; levels > 0 && name > real; levels--)
		do
			name--;
		while (name > real && *name != '/');
	name += r > 0;
	if (strlen(name) >= CRL_SLICE_MAX)
		return -ENAMETOOLONG;
	(void)strcpy(ret_prefix, name);
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_cgroup_open_root(const char *configured, int *ret_fd, char *ret_prefix, struct crl_err *err)
{
	static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char unwanted[CRL_SLICE_MAX];
	int r;

	if (!ret_prefix)
		ret_prefix = unwanted;
	ret_prefix[0] = '\0';
	if (configured[0]) {
		r = open_configured(configured, ret_fd, ret_prefix);
		if (r == -EMEDIUMTYPE)
			return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS, "%s is not a cgroup v2 directory",
					   configured);
		return r < 0 ? crl_err_set(err, -r, CRL_STAGE_LIMITS, "cannot open cgroup root %s",
					   configured)
			     : 0;
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++)
		if (open_cgroup2(usual[i], ret_fd) == 0)
			return 0;
	return crl_err_set(err, ENOENT, CRL_STAGE_LIMITS, "this host has no cgroup v2 at %s or %s", usual[0],
			   usual[1]);
}

int crl_cgroup_slice(const char *prefix, uint32_t uid, const char *budget, char buf[CRL_SLICE_MAX])
{
	int n = snprintf(buf, CRL_SLICE_MAX, "%s%s" SLICE "/%s%s%suser-%" PRIu32 ".slice", prefix, prefix[0] ? "/" : "",
			 budget[0] ? "budget-" : "", budget, budget[0] ? ".slice/" : "", uid);

	return n < 0 || n >= CRL_SLICE_MAX ? -ENAMETOOLONG : 0;
}

/* Where carrel.slice begins in a path; what is before it is the administrator's. */
static char *own_part(char *path)
{
	char *own = path;

	for (char *p = path; (p = strstr(p, SLICE "/")); p++)
		if (p == path || p[-1] == '/')
			own = p;
	return own;
}

int crl_cgroup_path(const char *slice, const char *id, char *buf, size_t size)
{
	int n;

	if (!id[0] || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
		return -EINVAL;
	if (strlen(id) >= CRL_ID_MAX)
		return -ENAMETOOLONG;
	n = snprintf(buf, size, "%s/login-%s", slice, id);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

#define LEVELS_MAX 4 /* carrel.slice, a budget's, the user's, the login's */

/* The directories of a login, open, from carrel.slice down. */
struct chain {
	int dir[LEVELS_MAX];
	size_t len;
};

static void chain_done(struct chain *c)
{
	while (c->len > 0)
		scope_close_fd(&c->dir[--c->len]);
}

static int enter_dir(int parent, const char *name, int *ret_fd)
{
	int fd;

	if (mkdirat(parent, name, DIRS_MODE) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int try_chain(int root, const char *path, struct chain *c)
{
	char names[CRL_SLICE_MAX + 32], *rest = NULL;
	int parent = root;

	(void)snprintf(names, sizeof(names), "%s", path);
	for (char *name = strtok_r(names, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
		int r = c->len < LEVELS_MAX ? enter_dir(parent, name, &c->dir[c->len]) : -ENAMETOOLONG;

		if (r < 0)
			return r;
		parent = c->dir[c->len++];
	}
	return 0;
}

/* Once the login's directory stands, nobody can remove those above: so all of them come before any write. */
static int make_chain(int root, const char *path, struct chain *c)
{
	int r = -ENOENT;

	for (int i = 0; i < RACES_MAX && (r == -ENOENT || r == -ENODEV); i++) {
		chain_done(c);
		r = try_chain(root, path, c);
	}
	return r;
}

/* Shortens @path on its way up. */
static int remove_chain(int root, char *path)
{
	const char *own = own_part(path);

	if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	/* A parent that another login uses answers EBUSY or ENOTEMPTY; then those above are in use as well.
	 */
	for (char *slash = strrchr(own, '/'); slash; slash = strrchr(own, '/')) {
		*slash = '\0';
		if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
			break;
	}
	return 0;
}

/* Controllers are enabled in the root and in all slices above the user's, which then holds its limits. */
static int apply_plans(struct crl_cgroup_limiting *l, const struct chain *c, const struct crl_cgroup_plans *plans,
		       struct crl_err *err)
{
	size_t user = c->len - 2;
	int r = crl_cgroup_enable(l, l->root, err);

	for (size_t i = 0; r == 0 && i < user; i++)
		r = crl_cgroup_enable(l, c->dir[i], err);
	if (r == 0 && plans->budget)
		r = crl_cgroup_apply_limits(l, plans->budget, c->dir[user - 1], err);
	if (r == 0 && plans->user)
		r = crl_cgroup_apply_limits(l, plans->user, c->dir[user], err);
	return r;
}

int crl_cgroup_make(int root, const char *slice, const char *id, const struct crl_cgroup_plans *plans, int *ret_fd,
		    char *ret_missing, size_t missing_size, struct crl_err *err)
{
	struct crl_cgroup_limiting l = {
		.root = root, .need = plans->need, .missing = ret_missing, .missing_size = missing_size};
	scoped_fd above = -EBADF;
	bool limited = plans->need != CRL_NEED_OFF;
	scoped(chain) c = {.len = 0};
	char path[CRL_SLICE_MAX + 32], *own;
	int r;

	ret_missing[0] = '\0';
	r = crl_cgroup_path(slice, id, path, sizeof(path));
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "this login's id cannot name a cgroup");
	own = own_part(path);
	if (own > path) {
		own[-1] = '\0';
		l.root = above = openat(root, path, DIR_FLAGS);
		if (above < 0)
			return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open cgroup %s", path);
	}
	if (limited && plans->budget)
		r = crl_cgroup_find_controllers(&l, plans->budget, err);
	if (r == 0 && limited && plans->user)
		r = crl_cgroup_find_controllers(&l, plans->user, err);
	if (r < 0)
		return r;
	r = make_chain(l.root, own, &c);
	if (r < 0)
		(void)crl_err_set(err, -r, CRL_STAGE_LIMITS, "cannot make cgroup %s", own);
	if (r == 0 && limited)
		r = apply_plans(&l, &c, plans, err);
	if (r < 0) {
		(void)remove_chain(l.root, own); /* the first error is the one to tell */
		return r;
	}
	*ret_fd = c.dir[--c.len];
	return 0;
}

int crl_cgroup_attach(int cgroup, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", pid);
	return crl_cgroup_write(cgroup, "cgroup.procs", text);
}

int crl_cgroup_of(pid_t pid, char *buf, size_t size)
{
	char path[32], text[4096];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	n = crl_cgroup_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	for (char *line = text, *rest = NULL; (line = strtok_r(line, "\n", &rest)); line = NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		if (strlen(line + 4) >= size)
			return -ENAMETOOLONG;
		memcpy(buf, line + 4, strlen(line + 4) + 1);
		return 0;
	}
	return -ENOENT;
}

/* Returns how many were signalled, or -errno. */
static int kill_listed(int cgroup)
{
	char list[4096];
	ssize_t n = crl_cgroup_read(cgroup, "cgroup.procs", list, sizeof(list));
	int killed = 0;

	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(list) - 1)
		list[strrchr(list, '\n') ? strrchr(list, '\n') - list : 0] =
			'\0'; /* the last one may be cut */
	for (char *p = list; *p; killed++) {
		pid_t pid = (pid_t)strtol(p, &p, 10);

		if (pid > 0) /* 0: of another PID namespace, never ours; kill(0) would be us */
			(void)kill(pid, SIGKILL);
		p += *p == '\n';
	}
	return killed;
}

int crl_cgroup_kill(int cgroup)
{
	int r = crl_cgroup_write(cgroup, "cgroup.kill", "1");

	if (r != -ENOENT)
		return r;
	/* Before 5.14. Frozen processes neither fork nor exit, so that no number read here is used again. */
	(void)crl_cgroup_write(cgroup, "cgroup.freeze", "1");
	for (int i = 0; i < KILLS_MAX; i++) {
		r = kill_listed(cgroup);
		if (r <= 0)
			return r == -ENODEV ? 0 : r;
		(void)usleep(1000);
	}
	return -EBUSY;
}

/* Returns how many were moved, or -errno. */
static int gather_listed(int from, int to)
{
	char list[4096];
	ssize_t n = crl_cgroup_read(from, "cgroup.procs", list, sizeof(list));
	int moved = 0, r = 0;

	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(list) - 1 && strrchr(list, '\n'))
		*strrchr(list, '\n') = '\0'; /* the last one may be cut */
	for (char *p = list; *p && r == 0; moved++) {
		pid_t pid = (pid_t)strtol(p, &p, 10);

		r = pid > 0 ? crl_cgroup_attach(to, pid) : -EINVAL; /* 0 would be the caller */
		r = r == -ESRCH ? 0 : r; /* it has ended */
		p += *p == '\n';
	}
	return r < 0 ? r : moved;
}

int crl_cgroup_gather(int from, int to)
{
	int r = 1;

	(void)crl_cgroup_write(from, "cgroup.freeze", "1"); /* without it who forks may get away: then it is -EBUSY */
	for (int i = 0; i < KILLS_MAX && r > 0; i++)
		r = gather_listed(from, to);
	if (r != 0)
		(void)crl_cgroup_write(from, "cgroup.freeze", "0"); /* what stays runs on */
	return r > 0 ? -EBUSY : r;
}

bool crl_cgroup_is_idle(int cgroup, pid_t except)
{
	char list[64]; /* one foreign number is answer enough, two numbers of 11 are all that is looked at */
	ssize_t n = crl_cgroup_read(cgroup, "cgroup.procs", list, sizeof(list));

	if (n < 0)
		return n == -ENOENT || n == -ENODEV;
	for (char *p = list; *p;) {
		char *end;
		long pid = strtol(p, &end, 10);

		if (end == p || pid <= 0 || pid != except)
			return false;
		p = end + (*end == '\n');
	}
	return true;
}

int crl_cgroup_remove(int root, const char *slice, const char *id)
{
	char path[CRL_SLICE_MAX + 32];
	int r = crl_cgroup_path(slice, id, path, sizeof(path));

	return r < 0 ? r : remove_chain(root, path);
}

void crl_cgroup_remove_slice(int root, const char *slice)
{
	char path[CRL_SLICE_MAX];

	if (snprintf(path, sizeof(path), "%s", slice) < (int)sizeof(path))
		(void)remove_chain(root, path); /* who is in it, or comes just now, keeps it */
}

void crl_cgroup_remove_top(int root, const char *prefix)
{
	char path[CRL_SLICE_MAX];

	if (snprintf(path, sizeof(path), "%s%s" SLICE, prefix, prefix[0] ? "/" : "") < (int)sizeof(path))
		(void)unlinkat(root, path, AT_REMOVEDIR);
}
