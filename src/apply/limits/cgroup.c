// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `cgroupfs`.
 *
 * Runs in: helper, supervisor, steward (root, host namespaces); carrelctl, which only looks.
 */
#include "apply/limits/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "apply/limits/cgroup_limits.h"
#include "base/file.h"
#include "wire/proto.h"

#define SLICE "carrel.slice"
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
	int rc = open_cgroup2(path, &fd);
	ssize_t n;

	if (rc < 0)
		return rc;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	rc = n < 0 ? -errno : climb(&fd);
	if (rc < 0)
		return rc;
	real[n] = '\0';
	name = real + n;
	for (int levels = rc; levels > 0 && name > real; levels--)
		do
			name--;
		while (name > real && *name != '/');
	name += rc > 0;
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
	int rc;

	if (!ret_prefix)
		ret_prefix = unwanted;
	ret_prefix[0] = '\0';
	if (configured[0]) {
		rc = open_configured(configured, ret_fd, ret_prefix);
		if (rc == -EMEDIUMTYPE)
			return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS, "%s is not a cgroup v2 directory",
					   configured);
		return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot open cgroup root %s", configured) : 0;
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++)
		if (open_cgroup2(usual[i], ret_fd) == 0)
			return 0;
	return crl_err_set(err, ENOENT, CRL_STAGE_LIMITS, "this host has no cgroup v2 at %s or %s", usual[0], usual[1]);
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
		int rc = c->len < LEVELS_MAX ? enter_dir(parent, name, &c->dir[c->len]) : -ENAMETOOLONG;

		if (rc < 0)
			return rc;
		parent = c->dir[c->len++];
	}
	return 0;
}

/* Once the login's directory stands, nobody can remove those above: so all of them come before any write. */
static int make_chain(int root, const char *path, struct chain *c)
{
	int rc = -ENOENT;

	for (int i = 0; i < RACES_MAX && (rc == -ENOENT || rc == -ENODEV); i++) {
		chain_done(c);
		rc = try_chain(root, path, c);
	}
	return rc;
}

/* Shortens @path on its way up. */
static int remove_chain(int root, char *path)
{
	char *own = path + (own_part(path) - path);

	if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	/* A parent that another login uses answers EBUSY or ENOTEMPTY; then those above are in use as well. */
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
	int rc = crl_cgroup_enable(l, l->root, err);

	for (size_t i = 0; rc == 0 && i < user; i++)
		rc = crl_cgroup_enable(l, c->dir[i], err);
	if (rc == 0 && plans->budget)
		rc = crl_cgroup_apply_limits(l, plans->budget, c->dir[user - 1], err);
	if (rc == 0 && plans->user)
		rc = crl_cgroup_apply_limits(l, plans->user, c->dir[user], err);
	return rc;
}

/*
 * The user reads limits of their own, which their rooms show; on the host what is above keeps others out, as it was
 * made.
 */
static int let_look(int slice, struct crl_err *err)
{
	struct stat st;

	if (fstat(slice, &st) == 0 && ((st.st_mode & 0777) == DIRS_MODE || fchmod(slice, DIRS_MODE) == 0))
		return 0;
	return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot let a user read the limits of their slice");
}

int crl_cgroup_make(const struct crl_cgroup_place *at, const struct crl_cgroup_plans *plans, int *ret_fd,
		    char ret_missing[CRL_CGROUP_MISSING_MAX], struct crl_err *err)
{
	struct crl_cgroup_limiting l = {.root = at->root, .need = plans->need, .missing = ret_missing};
	scoped_fd above = -EBADF;
	bool limited = plans->need != CRL_NEED_OFF;
	scoped(chain) c = {.len = 0};
	char path[CRL_SLICE_MAX + 32], *own;
	int rc;

	ret_missing[0] = '\0';
	rc = crl_cgroup_path(at->slice, at->id, path, sizeof(path));
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS, "this login's id cannot name a cgroup");
	own = own_part(path);
	if (own > path) {
		own[-1] = '\0';
		l.root = above = openat(at->root, path, DIR_FLAGS);
		if (above < 0)
			return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open cgroup %s", path);
	}
	if (limited && plans->budget)
		rc = crl_cgroup_find_controllers(&l, plans->budget, err);
	if (rc == 0 && limited && plans->user)
		rc = crl_cgroup_find_controllers(&l, plans->user, err);
	if (rc < 0)
		return rc;
	rc = make_chain(l.root, own, &c);
	if (rc < 0)
		(void)crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot make cgroup %s", own);
	if (rc == 0)
		rc = let_look(c.dir[c.len - 2], err);
	if (rc == 0 && limited)
		rc = apply_plans(&l, &c, plans, err);
	if (rc < 0) {
		(void)remove_chain(l.root, own); /* the first error is the one to tell */
		return rc;
	}
	*ret_fd = c.dir[--c.len];
	return 0;
}

int crl_cgroup_attach(int cgroup, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", pid);
	return crl_file_write(cgroup, "cgroup.procs", text);
}

int crl_cgroup_of(pid_t pid, char *buf, size_t size)
{
	char path[32], text[2 * PATH_MAX]; /* one name may be as long as a path, and cgroup v1 has lines of its own */
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	n = crl_file_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(text) - 1)
		return -ENAMETOOLONG;
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
	ssize_t n = crl_file_read(cgroup, "cgroup.procs", list, sizeof(list));
	int killed = 0;

	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(list) - 1)
		list[strrchr(list, '\n') ? strrchr(list, '\n') - list : 0] = '\0'; /* the last one may be cut */
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
	int rc = crl_file_write(cgroup, "cgroup.kill", "1");

	if (rc != -ENOENT)
		return rc;
	/* Before 5.14. Frozen processes neither fork nor exit, so that no number read here is used again. */
	(void)crl_file_write(cgroup, "cgroup.freeze", "1");
	for (int i = 0; i < KILLS_MAX; i++) {
		rc = kill_listed(cgroup);
		if (rc <= 0)
			break;
		(void)usleep(1000);
	}
	(void)crl_file_write(cgroup, "cgroup.freeze", "0"); /* who comes in next runs on */
	return rc > 0 ? -EBUSY : rc == -ENODEV ? 0 : rc;
}

/* Returns how many were moved, or -errno. */
static int gather_listed(int from, int to)
{
	char list[4096];
	ssize_t n = crl_file_read(from, "cgroup.procs", list, sizeof(list));
	int moved = 0, rc = 0;

	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(list) - 1 && strrchr(list, '\n'))
		*strrchr(list, '\n') = '\0'; /* the last one may be cut */
	for (char *p = list; *p && rc == 0; moved++) {
		pid_t pid = (pid_t)strtol(p, &p, 10);

		rc = pid > 0 ? crl_cgroup_attach(to, pid) : -EINVAL; /* 0 would be the caller */
		rc = rc == -ESRCH ? 0 : rc; /* it has ended */
		p += *p == '\n';
	}
	return rc < 0 ? rc : moved;
}

int crl_cgroup_gather(int from, int to)
{
	int rc = 1;

	(void)crl_file_write(from, "cgroup.freeze", "1"); /* without it who forks may get away: then it is -EBUSY */
	for (int i = 0; i < KILLS_MAX && rc > 0; i++)
		rc = gather_listed(from, to);
	if (rc != 0)
		(void)crl_file_write(from, "cgroup.freeze", "0"); /* what stays runs on */
	return rc > 0 ? -EBUSY : rc;
}

bool crl_cgroup_is_idle(int cgroup, pid_t except)
{
	char list[64]; /* one foreign number is answer enough, two numbers of 11 are all that is looked at */
	ssize_t n = crl_file_read(cgroup, "cgroup.procs", list, sizeof(list));

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

/* The kernel writes a number and a newline for each; returns how much of @text is a last, unfinished number. */
static size_t take_pids(char *text, size_t len, int (*one)(void *arg, pid_t pid), void *arg, int *ret_rc)
{
	char *p = text, *end;

	text[len] = '\0';
	for (; *ret_rc == 0 && (end = strchr(p, '\n')); p = end + 1) {
		pid_t pid = (pid_t)strtol(p, NULL, 10);

		if (pid > 0) /* 0: of another PID namespace, never ours */
			*ret_rc = one(arg, pid);
	}
	len = strlen(p);
	memmove(text, p, len);
	return len;
}

int crl_cgroup_each(int cgroup, int (*one)(void *arg, pid_t pid), void *arg)
{
	scoped_fd fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[4096];
	size_t kept = 0;
	ssize_t n = 1;
	int rc = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	while (rc == 0 && n > 0 && kept < sizeof(text) - 1) { /* no line is as long */
		n = read(fd, text + kept, sizeof(text) - 1 - kept);
		if (n < 0)
			return errno == ENODEV ? 0 : -errno;
		kept = take_pids(text, kept + (size_t)n, one, arg, &rc);
	}
	return rc;
}

struct count {
	pid_t except;
	size_t n;
};

static int count_one(void *arg, pid_t pid)
{
	struct count *c = arg;

	c->n += pid != c->except;
	return 0;
}

size_t crl_cgroup_count(int cgroup, pid_t except)
{
	struct count c = {.except = except};

	return crl_cgroup_each(cgroup, count_one, &c) < 0 ? 0 : c.n;
}

bool crl_cgroup_is_frozen(int cgroup)
{
	char text[256];

	return crl_file_read(cgroup, "cgroup.events", text, sizeof(text)) > 0 && strstr(text, "frozen 1");
}

int crl_cgroup_remove(int root, const char *slice, const char *id)
{
	char path[CRL_SLICE_MAX + 32];
	int rc = crl_cgroup_path(slice, id, path, sizeof(path));

	return rc < 0 ? rc : remove_chain(root, path);
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
