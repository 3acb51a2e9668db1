// SPDX-License-Identifier: Apache-2.0
/*
 * Copy a directory's contents by descriptors, following nothing.
 *
 * Runs in: the room's init, root.
 */
#include "apply/home/copytree.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/dir.h"

struct copy {
	uid_t uid;
	gid_t gid;
	unsigned int depth;
	unsigned int entries;
	off_t bytes;
	struct crl_err *err;
};

static int fail(struct copy *c, int code, const char *name, const char *what)
{
	return crl_err_set(c->err, code, CRL_STAGE_HOME, "%s: %s", name, what);
}

static int copy_file(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	scoped_fd in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scoped_fd out = -EBADF;
	struct stat now;
	ssize_t n;

	if (in < 0 || fstat(in, &now))
		return fail(c, errno, name, "cannot open");
	if (!S_ISREG(now.st_mode) || now.st_ino != st->st_ino)
		return fail(c, EAGAIN, name, "changed while it was copied");
	c->bytes += now.st_size;
	if (c->bytes > (off_t)CRL_TREE_BYTES_MAX)
		return fail(c, E2BIG, name, "too many bytes");
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return fail(c, errno, name, "cannot make");
	for (off_t left = now.st_size; left > 0; left -= n) {
		n = sendfile(out, in, NULL, (size_t)left);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return fail(c, errno, name, "cannot copy");
		else if (n == 0)
			break;
	}
	if (fchown(out, c->uid, c->gid) || fchmod(out, st->st_mode & 0777))
		return fail(c, errno, name, "cannot give to the user");
	return 0;
}

static int copy_link(struct copy *c, int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return fail(c, errno, name, "cannot read the link");
	target[n] = '\0';
	if (symlinkat(target, to, name) || fchownat(to, name, c->uid, c->gid, AT_SYMLINK_NOFOLLOW))
		return fail(c, errno, name, "cannot make the link");
	return 0;
}

static int copy_dir(struct copy *c, int from, int to);

static int enter_dir(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	scoped_fd in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped_fd out = -EBADF;
	int rc;

	if (in < 0)
		return fail(c, errno, name, "cannot open");
	if (mkdirat(to, name, 0700))
		return fail(c, errno, name, "cannot make");
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return fail(c, errno, name, "cannot open the copy");
	rc = copy_dir(c, in, out);
	if (rc < 0)
		return crl_err_wrap(c->err, rc, CRL_STAGE_HOME, "%s", name);
	if (fchown(out, c->uid, c->gid) || fchmod(out, st->st_mode & 0777))
		return fail(c, errno, name, "cannot give to the user");
	return 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name)
{
	struct stat st;

	if (++c->entries > CRL_TREE_ENTRIES_MAX)
		return fail(c, E2BIG, name, "too many entries");
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return fail(c, errno, name, "cannot look at it");
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, from, to, name);
	if (S_ISDIR(st.st_mode))
		return enter_dir(c, from, to, name, &st);
	return fail(c, EINVAL, name, "is neither file, directory nor link");
}

static int copy_dir(struct copy *c, int from, int to)
{
	scoped(crl_dir) dir = {0};
	int rc = 0;

	if (++c->depth > CRL_TREE_DEPTH_MAX)
		return fail(c, E2BIG, ".", "too deep");
	(void)crl_dir_open(from, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		rc = copy_entry(c, from, to, name);
	if (rc == 0 && dir.error < 0)
		rc = fail(c, -dir.error, ".", "cannot read the directory");
	c->depth--;
	return rc;
}

int crl_copy_tree(int from, int to, uid_t uid, gid_t gid, struct crl_err *err)
{
	struct copy c = {.uid = uid, .gid = gid, .err = err};

	return copy_dir(&c, from, to);
}
