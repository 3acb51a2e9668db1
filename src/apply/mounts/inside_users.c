// SPDX-License-Identifier: Apache-2.0
/*
 * The files of the inside that say who is who, and who may become root there.
 *
 * Runs in: the room's init, root, before anybody is in the room. Trusts: nothing in that tree.
 * R1: they are read and written with the rights of its root, who has nothing but that tree: whatever stands at their
 * names, no other file is reached.
 * R2: in a tree that another room shows nothing is written: its users are at work in it.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/inside_text.h"
#include "apply/mounts/rights.h"
#include "base/file.h"

#define SUDOERS_DIR "sudoers.d"
#define SUDOERS "carrel"
#define CONTAINERS_DIR "containers" /* containers.conf(5) */
#define CONTAINERS_DIR_CONF "containers.conf.d"
#define CONTAINERS "00-carrel.conf" /* what the user has is read later */

typedef bool say(const struct crl_inside_user *u, const char *text, FILE *out);

/* What stands there, if it is a file; else "". */
static int read_text(int dir, const char *name, char **ret)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	size_t len;
	int rc = crl_beneath_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);

	if (rc == 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode)))
		rc = -ENOENT;
	if (rc == 0)
		return crl_file_read_all(fd, ret, &len);
	*ret = strdup("");
	return *ret ? 0 : -ENOMEM;
}

/* @ret  NULL = there is nothing to write */
static int compose(say *what, const struct crl_inside_user *u, const char *old, char **ret)
{
	scoped_free char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool wanted;

	if (!f)
		return -ENOMEM;
	wanted = what(u, old, f);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = wanted ? take_ptr(text) : NULL;
	return 0;
}

static int replace(int dir, const char *name, const char *text, mode_t mode)
{
	return crl_file_replace(
		dir, &(struct crl_file){
			     .name = name, .beside = ".carrel.new", .data = text, .len = strlen(text), .mode = mode});
}

static int rewrite(int etc, const char *name, say *what, const struct crl_inside_user *u)
{
	scoped_free char *old = NULL, *text = NULL;
	int rc = read_text(etc, name, &old);

	if (rc == 0)
		rc = compose(what, u, old, &text);
	return rc == 0 && text ? replace(etc, name, text, 0644) : rc;
}

/* Owner and mode stay what they are: programs of a group may read it. */
static int append(int etc, const char *name, say *what, const struct crl_inside_user *u, mode_t mode)
{
	scoped_free char *old = NULL, *text = NULL;
	scoped_fd fd = -EBADF;
	int rc = read_text(etc, name, &old);

	if (rc == 0)
		rc = compose(what, u, old, &text);
	if (rc < 0 || !text)
		return rc;
	rc = crl_beneath_open(etc, name, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, mode, &fd);
	return rc < 0 ? rc : write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
}

/* @mode  of a new one; 0 = none is made */
static int open_dir(int at, const char *name, mode_t mode, int *ret_fd)
{
	scoped_fd dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && mode == 0)
		return -ENOENT;
	if (dir < 0 && (errno == ELOOP || errno == ENOTDIR) && unlinkat(at, name, 0) < 0)
		return -errno;
	if (dir < 0 && mkdirat(at, name, mode) < 0)
		return -errno;
	if (dir < 0)
		dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	*ret_fd = take_fd(&dir);
	return 0;
}

static int forget(int dir, const char *name)
{
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* By number: in names of sudoers(5) letters have meanings. What an earlier policy has allowed goes. */
static int set_sudo(int etc, const struct crl_inside_user *u, bool may)
{
	scoped_fd dir = -EBADF;
	int rc = open_dir(etc, SUDOERS_DIR, may ? 0750 : 0, &dir);
	char text[160];

	if (rc < 0 || !may)
		return rc == 0 ? forget(dir, SUDOERS) : may ? rc : 0;
	(void)snprintf(text, sizeof(text),
		       "# carrel writes this each time the room is made: user.sudo of its policy.\n"
		       "#%" PRIu32 " ALL=(ALL:ALL) NOPASSWD: ALL\n",
		       u->login->uid);
	return replace(dir, SUDOERS, text, 0440);
}

/* What podman wants by itself of settings of the kernel's, no room has: they are read-only here. */
static int set_containers(int etc, bool may)
{
	static const char text[] = "# carrel writes this each time the room is made: user.nested of its policy.\n"
				   "[containers]\n"
				   "cgroups = \"disabled\"\n"
				   "default_sysctls = []\n";
	scoped_fd above = -EBADF, dir = -EBADF;
	int rc = open_dir(etc, CONTAINERS_DIR, may ? 0755 : 0, &above);

	if (rc == 0)
		rc = open_dir(above, CONTAINERS_DIR_CONF, may ? 0755 : 0, &dir);
	if (rc < 0 || !may)
		return rc == 0 ? forget(dir, CONTAINERS) : may ? rc : 0;
	return replace(dir, CONTAINERS, text, 0644);
}

static int write_all(const struct crl_inside_user *u, int etc, uint64_t number)
{
	int rc = rewrite(etc, "passwd", crl_inside_passwd, u);

	if (rc == 0)
		rc = rewrite(etc, "group", crl_inside_group, u);
	if (rc == 0)
		rc = append(etc, "shadow", crl_inside_shadow, u, 0600);
	if (rc == 0 && number & CRL_INSIDE_NESTED)
		rc = rewrite(etc, "subuid", crl_inside_subids, u);
	if (rc == 0 && number & CRL_INSIDE_NESTED)
		rc = rewrite(etc, "subgid", crl_inside_subids, u);
	if (rc == 0)
		rc = set_containers(etc, number & CRL_INSIDE_NESTED);
	return rc < 0 ? rc : set_sudo(etc, u, number & CRL_INSIDE_SUDO);
}

static const char *shell_of(const struct crl_mounting *room, const char *wanted)
{
	struct stat st;
	char path[64];

	(void)snprintf(path, sizeof(path), "usr%s", wanted);
	return fstatat(room->tree[CRL_TREE_INSIDE], path, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
			       fstatat(room->tree[CRL_TREE_INSIDE], wanted + 1, &st, AT_SYMLINK_NOFOLLOW) == 0
		       ? wanted
		       : "/bin/sh";
}

/* The name of the user's group on the host, if its own files have one. */
static void find_group(struct crl_mounting *room, char *ret, size_t size)
{
	scoped_fd fd = -EBADF;
	scoped_free char *text = NULL;
	size_t len;

	ret[0] = '\0';
	if (crl_beneath_open(room->tree[CRL_TREE_HOST], "etc/group", O_RDONLY | O_NONBLOCK, 0, &fd) == 0 &&
	    crl_file_read_all(fd, &text, &len) == 0)
		crl_inside_group_name(text, room->login->gid, ret, size);
}

/* R1 */
int crl_mounting_inside_users(struct crl_mounting *room, const struct crl_mount_op *op)
{
	char group[CRL_GROUP_MAX];
	const struct crl_inside_user u = {.login = room->login,
					  .group = group,
					  .is_root = op->number & CRL_INSIDE_ROOT,
					  .shell = shell_of(room, op->data)};
	struct crl_rights saved = {.groups = NULL, .len = -1};
	scoped_fd etc = -EBADF;
	int rc, back;

	if (op->number & CRL_INSIDE_NESTED) {
		rc = crl_mounting_share_inside(room, op);
		if (rc < 0)
			return rc;
	}
	if (room->inside_is_given) /* R2 */
		return 0;
	find_group(room, group, sizeof(group));
	rc = crl_rights_take(room->inside_uid, room->inside_gid, NULL, 0, &saved);
	if (rc == 0)
		rc = crl_beneath_open(room->tree[CRL_TREE_INSIDE], "etc", O_RDONLY | O_DIRECTORY, 0, &etc);
	if (rc == 0)
		rc = write_all(&u, etc, op->number);
	back = crl_rights_back(&saved);
	if (back < 0)
		return crl_mounting_fail(room, op, back, "cannot be root again");
	/* In what is kept its root may have spoilt them, and is who can mend them. */
	return rc < 0 && !room->root_is_kept ? crl_mounting_fail(room, op, rc, "cannot say who the user is") : 0;
}
