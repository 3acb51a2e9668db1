// SPDX-License-Identifier: Apache-2.0
/*
 * See public_copy.h.
 *
 * R1: nothing is copied that not everybody may read, by what is open, not by its name.
 * R2: no link is followed, no device, FIFO or socket opened, no mount gone into.
 * R3: copies have neither set-id bits nor capabilities, nor ACLs.
 * R4: what changes while it is copied, or within the kernel's tick after that, makes the copy one for this login alone.
 * R5: a directory that is closed is empty, or not there.
 */
#include "store/public_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dir.h"
#include "base/plain.h"
#include "store/public_rule.h"
#include "store/public_stand.h"
#include "store/public_walk.h"

#define TICK_NS 20000000 /* ctime is the kernel's clock, which goes in steps of up to 10 ms */
#define DEPTH_MAX 24
#define BYTES_MAX (512u << 20)
#define ENTRIES_MAX 200000
#define NEVER (-1) /* no time that anything was changed at */

/* One directory of the host's. */
struct public_source {
	const char *path; /* absolute */
	unsigned int depth; /* how far down; 0 = what is in it alone */
	bool files; /* else directories and links alone */
};

static const struct public_source sources[] = {
	{"/etc", DEPTH_MAX, true},
	{"/var", 1, false},
	{"/var/lib/apt", 0, true},
	{"/var/lib/dpkg", 3, true},
	{"/var/lib/pam", 1, true},
	{"/var/lib/ucf", 2, true},
	{"/var/lib/systemd/deb-systemd-helper-enabled", 3, true},
	{"/var/cache/debconf", 1, true},
};

struct public_copying {
	int to;
	struct crl_public_text *seen;
	uint64_t bytes, entries;
	struct crl_err *err;
};

static int64_t changed_ns(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

static int fail(struct public_copying *c, int rc, const char *path)
{
	return crl_err_set(c->err, -rc, CRL_STAGE_MOUNT, "cannot copy the host's %s for all: %s", path,
			   strerrordesc_np(-rc));
}

/* R4. Anything that is looked at is noted, so that what can be read later is copied later. */
static void note(struct public_copying *c, const char *path, const struct stat *st, bool settled)
{
	struct crl_public_item item = {
		.kind = CRL_PUBLIC_SEEN, .ino = st->st_ino, .changed_ns = changed_ns(st), .path = path + 1};
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (!settled || item.changed_ns > (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - TICK_NS)
		item.changed_ns = NEVER;
	crl_public_put(c->seen, &item);
}

static int dress(int fd, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 01777) < 0 || futimens(fd, times) < 0)
		return -errno; /* R3: set-id bits are not in that mask */
	return 0;
}

static int copy_data(struct public_copying *c, int from, int to)
{
	char buf[65536];

	for (;;) {
		ssize_t n = read(from, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		c->bytes += (uint64_t)n;
		if (c->bytes > BYTES_MAX)
			return -EFBIG;
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(to, buf + done, (size_t)(n - done));
			if (w < 0)
				return -errno;
		}
	}
}

/* What is opened to be read is a file, whatever was put in its place meanwhile (R2). */
static int open_file(int dir, const char *name, struct stat *ret, int *ret_fd)
{
	scoped_fd there = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[64];

	if (there < 0 || fstat(there, ret) < 0)
		return -errno;
	if (!S_ISREG(ret->st_mode))
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", there);
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 || fstat(*ret_fd, ret) < 0 ? -errno : 0;
}

static int copy_file(struct public_copying *c, int dir, const char *name, const char *path, int into)
{
	scoped_fd from = -EBADF, to = -EBADF;
	struct stat st, after;
	int rc = open_file(dir, name, &st, &from);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (!crl_public_is_open(from, &st)) /* R1 */
		return 0;
	to = openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	rc = copy_data(c, from, to);
	if (rc == 0)
		rc = dress(to, &st);
	if (rc == 0 && (fstat(from, &after) < 0 || changed_ns(&after) != changed_ns(&st)))
		note(c, path, &st, false);
	return rc;
}

static int copy_link(int dir, const char *name, const struct stat *st, int into)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT || errno == EINVAL ? 0 : -errno;
	target[n] = '\0';
	if (symlinkat(target, into, name) < 0)
		return errno == EEXIST ? 0 : -errno;
	return fchownat(into, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* An empty directory like another. @ret_fd  -EBADF before */
static int make_like(int into, const char *name, const struct stat *st, int *ret_fd)
{
	if (mkdirat(into, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	*ret_fd = openat(into, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : dress(*ret_fd, st);
}

static int copy_dir(struct public_copying *c, const struct public_source *s, int from, int into);

/* @above  what it is in */
static int go_down(struct public_copying *c, const struct public_source *above, const char *name, int dir, int into)
{
	scoped_fd from = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), to = -EBADF;
	char path[PATH_MAX];
	struct public_source below = {.path = path, .depth = above->depth - 1, .files = above->files};
	struct stat here, st;
	int rc;

	if (from < 0 || fstat(from, &st) < 0 || fstat(dir, &here) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	rc = make_like(into, name, &st, &to);
	if (rc < 0 || above->depth == 0 || st.st_dev != here.st_dev || !crl_public_is_open(from, &st)) /* R1, R2, R5 */
		return rc;
	(void)snprintf(path, sizeof(path), "%s/%s", above->path, name);
	return copy_dir(c, &below, from, to);
}

static int copy_one(struct public_copying *c, const struct public_source *s, const char *name, int dir, int into)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", s->path, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (++c->entries > ENTRIES_MAX)
		return -EFBIG;
	if (s->files)
		note(c, path, &st, true);
	if (S_ISLNK(st.st_mode))
		return copy_link(dir, name, &st, into);
	if (S_ISDIR(st.st_mode))
		return go_down(c, s, name, dir, into);
	return s->files && S_ISREG(st.st_mode) ? copy_file(c, dir, name, path, into) : 0;
}

static int copy_dir(struct public_copying *c, const struct public_source *s, int from, int into)
{
	scoped(crl_dir) names = {0};
	int rc = crl_dir_open(from, ".", &names);

	for (const char *name; rc == 0 && (name = crl_dir_next(&names));)
		rc = copy_one(c, s, name, crl_dir_fd(&names), into);
	return rc < 0 ? rc : names.error;
}

/*
 * The way to a directory: each part made like the host's, where everybody may go on.
 * Returns 0, or -ENOENT there is none for all.
 */
static int find_source(const char *path, struct stat *ret, int *ret_from, int *ret_to)
{
	char part[NAME_MAX + 1];

	for (const char *at = path + 1; *at; at += strlen(part) + (at[strlen(part)] == '/')) {
		scoped_fd from = -EBADF, to = -EBADF;
		int rc;

		(void)snprintf(part, sizeof(part), "%.*s", (int)strcspn(at, "/"), at);
		from = openat(*ret_from, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (from < 0 || fstat(from, ret) < 0 || !crl_public_is_open(from, ret)) /* R1 */
			return -ENOENT;
		rc = make_like(*ret_to, part, ret, &to);
		if (rc < 0)
			return rc;
		drop_fd(ret_from);
		drop_fd(ret_to);
		*ret_from = take_fd(&from);
		*ret_to = take_fd(&to);
	}
	return 0;
}

static int copy_source(struct public_copying *c, const struct public_source *s)
{
	scoped_fd from = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = fcntl(c->to, F_DUPFD_CLOEXEC, 0);
	struct stat st;
	int rc = from < 0 || to < 0 ? -errno : find_source(s->path, &st, &from, &to);

	if (rc == 0 && s->files)
		note(c, s->path, &st, true);
	if (rc == 0)
		rc = copy_dir(c, s, from, to);
	return rc == -ENOENT && s != sources ? 0 : rc;
}

/* R5. What is there is made to be mounted on; root has a home. */
static int copy_top(struct public_copying *c)
{
	scoped(crl_dir) names = {0};
	struct stat st;
	int rc = crl_dir_open(AT_FDCWD, "/", &names);

	if (rc == 0 && fstat(crl_dir_fd(&names), &st) == 0)
		note(c, "/", &st, true);
	for (const char *name; rc == 0 && (name = crl_dir_next(&names));) {
		scoped_fd made = -EBADF;

		if (fstatat(crl_dir_fd(&names), name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
			continue;
		if (S_ISLNK(st.st_mode))
			rc = copy_link(crl_dir_fd(&names), name, &st, c->to);
		else if (S_ISDIR(st.st_mode) && (crl_public_is_by_mode(&st) || strcmp(name, "root") == 0))
			rc = make_like(c->to, name, &st, &made);
	}
	return rc < 0 ? rc : names.error;
}

int crl_public_copy(int root, int to, struct crl_public_text *ret, struct crl_err *err)
{
	struct public_copying c = {.to = to, .seen = ret, .err = err};
	int rc;

	crl_public_begin(ret, 0);
	rc = copy_top(&c);
	if (rc < 0)
		return fail(&c, rc, "/");
	for (size_t i = 0; i < CRL_ARRAY_LEN(sources); i++) {
		if (crl_public_is_tree(root, sources[i].path + 1))
			continue;
		rc = copy_source(&c, &sources[i]);
		if (rc < 0)
			return fail(&c, rc, sources[i].path);
	}
	rc = crl_public_stand_in(to);
	if (rc < 0)
		return fail(&c, rc, "/etc");
	crl_public_end(ret);
	return ret->rc < 0 ? fail(&c, ret->rc, "/etc") : 0;
}

bool crl_public_is_as_seen(const struct crl_public_list *seen)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	for (size_t i = 0; i < seen->len; i++)
		if (fstatat(root, seen->item[i].path, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH) < 0 ||
		    st.st_ino != seen->item[i].ino || changed_ns(&st) != seen->item[i].changed_ns)
			return false;
	return seen->len > 0;
}
