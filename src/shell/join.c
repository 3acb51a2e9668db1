// SPDX-License-Identifier: Apache-2.0
/*
 * See join.h.
 *
 * Runs in: carrel-shell, as the user, in the room; alone in its process.
 * Owns: the order. All is opened by name before the first change, since the names mean something else behind it; then
 * namespace, groups, ids, root; at last capabilities, no_new_privs and the filter, which refuses what comes before it.
 * R1: only what is a user namespace is joined, and joined it is.
 * R2: a group that the namespace does not have is given up.
 * R3: the ids that are to be taken are taken: real, effective and saved.
 * R4: in a namespace with root and the user nothing is left of the capabilities that come with joining.
 * R5: what is to be in force is read back.
 */
#include "shell/join.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/plain.h"
#include "base/scope.h"
#include "shell/apart.h"

#define MAP_MAX 16384 /* 340 lines of three numbers */

/* What is found before the first change. */
struct joining {
	int ns;
	int root;
	char cwd[PATH_MAX]; /* "" = it has no name in this root */
	gid_t *group;
	size_t groups;
	struct crl_shell_filter filter;
};

static void joining_done(struct joining *f)
{
	drop_fd(&f->ns);
	drop_fd(&f->root);
	free(f->group);
}

static int fail(struct crl_err *err, enum crl_stage stage, const char *what)
{
	int code = errno;

	return crl_err_set(err, code, stage, "%s: %s", what, strerrordesc_np(code));
}

static int find_groups(struct joining *f, struct crl_err *err)
{
	int n = getgroups(0, NULL);

	f->group = n < 0 ? NULL : calloc((size_t)n + 1, sizeof(*f->group));
	if (!f->group || getgroups(n, f->group) != n)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot read your groups");
	f->groups = (size_t)n;
	return 0;
}

static int find_namespace(int root, const struct crl_last *last, struct joining *f, struct crl_err *err)
{
	int rc = crl_plain_open(root, last->ns, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &f->ns);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "cannot open %s: %s", last->ns, strerrordesc_np(-rc));
	if (ioctl(f->ns, NS_GET_NSTYPE) != CLONE_NEWUSER) /* R1 */
		return crl_err_set(err, EINVAL, CRL_STAGE_NAMESPACE, "%s is no user namespace", last->ns);
	if (last->root[0])
		rc = crl_plain_open(root, last->root, O_PATH | O_DIRECTORY, 0, &f->root);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "cannot open %s: %s", last->root,
				   strerrordesc_np(-rc));
	if (!getcwd(f->cwd, sizeof(f->cwd)) || f->cwd[0] != '/')
		f->cwd[0] = '\0';
	return find_groups(f, err);
}

/* One line of a map: "INSIDE OUTSIDE COUNT". Returns what is behind it, or NULL. */
static const char *take_extent(const char *map, uint64_t extent[3])
{
	char *end;

	for (size_t i = 0; i < 3; i++) {
		extent[i] = strtoull(map, &end, 10);
		if (end == map)
			return NULL;
		map = end;
	}
	return map;
}

size_t crl_shell_groups_inside(const char *map, const gid_t *outside, size_t len, gid_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t extent[3];

		for (const char *p = map; (p = take_extent(p, extent));)
			if (outside[i] >= extent[1] && outside[i] - extent[1] < extent[2]) {
				ret[n++] = (gid_t)(extent[0] + (outside[i] - extent[1]));
				break;
			}
	}
	return n;
}

/* R2 */
static int take_groups(const struct joining *f, struct crl_err *err)
{
	scoped_free char *map = malloc(MAP_MAX);
	scoped_free gid_t *inside = calloc(f->groups + 1, sizeof(*inside));
	size_t n;

	if (!map || !inside)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "out of memory");
	if (crl_file_read(AT_FDCWD, "/proc/self/gid_map", map, MAP_MAX) <= 0)
		return crl_err_set(err, EIO, CRL_STAGE_NAMESPACE, "cannot read /proc/self/gid_map");
	n = crl_shell_groups_inside(map, f->group, f->groups, inside);
	return setgroups(n, inside) < 0 ? fail(err, CRL_STAGE_NAMESPACE, "cannot give up groups") : 0;
}

/* R3 */
static int take_ids(const struct crl_last *last, struct crl_err *err)
{
	uid_t uid[3];
	gid_t gid[3];

	if (setresgid(last->gid, last->gid, last->gid) < 0 || setresuid(last->uid, last->uid, last->uid) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot take the ids of the user namespace");
	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot read the ids back");
	for (size_t i = 0; i < 3; i++)
		if (uid[i] != last->uid || gid[i] != last->gid)
			return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE, "the ids are not what they should be");
	return 0;
}

/* Who is in a chroot can make no user namespaces; who has changed the root of their own mount namespace can. */
static int turn_root(const char *path, struct crl_err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot make a mount namespace");
	/* The new mount is not locked to the old root, as all that came along are. */
	if (mount(".", ".", NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(path) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot mount the root anew");
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot change the root");
	/* As systemd has it on a host, and makers of containers expect it. Nothing of it goes back into the room. */
	if (mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot share the mounts");
	return 0;
}

static void go_back(const struct joining *f)
{
	const char *home = getenv("HOME");

	if ((f->cwd[0] && chdir(f->cwd) == 0) || (home && home[0] == '/' && chdir(home) == 0))
		return;
	crl_ignore(chdir("/"));
}

static int take_root(const struct crl_last *last, const struct joining *f, struct crl_err *err)
{
	int rc = 0;

	if (f->root < 0)
		return 0;
	if (fchdir(f->root) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot go to the room's own root");
	if (last->nested)
		rc = turn_root(last->root, err);
	else if (chroot(".") < 0 || chdir("/") < 0)
		rc = fail(err, CRL_STAGE_NAMESPACE, "cannot change the root");
	if (rc == 0)
		go_back(f);
	return rc;
}

static int join_namespace(const struct crl_last *last, const struct joining *f, struct crl_err *err)
{
	int rc;

	if (setns(f->ns, CLONE_NEWUSER) < 0)
		return fail(err, CRL_STAGE_NAMESPACE, "cannot join the room's user namespace");
	if (!crl_shell_is_in(f->ns)) /* R1 */
		return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE, "the user namespace is not the room's");
	rc = take_groups(f, err);
	if (rc == 0)
		rc = take_ids(last, err);
	return rc < 0 ? rc : take_root(last, f, err);
}

/* @keep  bit = capability number */
static int keep_caps(uint64_t keep, struct crl_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)keep, .permitted = (uint32_t)keep},
		{.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? fail(err, CRL_STAGE_CAPS, "cannot drop capabilities") : 0;
}

static int set_no_new_privs(struct crl_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, CRL_STAGE_CAPS, "cannot set no_new_privs");
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 /* R5 */
		       ? 0
		       : crl_err_set(err, EPERM, CRL_STAGE_CAPS, "no_new_privs is not in force");
}

static int load_filter(struct joining *f, struct crl_err *err)
{
	struct sock_fprog program = {.len = f->filter.len, .filter = f->filter.insn};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0
		       ? fail(err, CRL_STAGE_FILTER, "cannot load the filter of shell.seccomp")
		       : 0;
}

/* R4. To load a filter without no_new_privs takes one of them, which goes as soon as it is loaded. */
static int give_up(const struct crl_last *last, struct joining *f, struct crl_err *err)
{
	bool own = last->user == CRL_LAST_USER_OWN;
	int rc = 0;

	if (last->user != CRL_LAST_USER_NONE && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, CRL_STAGE_CAPS, "cannot clear the ambient capabilities");
	if (own)
		rc = keep_caps(f->filter.len || last->apart ? UINT64_C(1) << CAP_SYS_ADMIN : 0, err);
	if (rc == 0 && last->no_new_privs)
		rc = set_no_new_privs(err);
	if (rc == 0 && last->apart != CRL_LAST_APART_NO)
		rc = crl_shell_be_apart(last->apart == CRL_LAST_APART_PREFER, err);
	if (rc == 0 && f->filter.len)
		rc = load_filter(f, err);
	return rc == 0 && own ? keep_caps(0, err) : rc;
}

int crl_shell_join(int root, const struct crl_last *last, struct crl_err *err)
{
	scoped_free struct joining *f = malloc(sizeof(*f));
	int rc;

	if (!f)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "out of memory");
	*f = (struct joining){.ns = -EBADF, .root = -EBADF};
	rc = crl_shell_filter_read(root, last->filter, &f->filter, err);
	if (rc == 0 && last->user != CRL_LAST_USER_NONE)
		rc = find_namespace(root, last, f, err);
	if (rc == 0 && last->user != CRL_LAST_USER_NONE)
		rc = join_namespace(last, f, err);
	if (rc == 0)
		rc = give_up(last, f, err);
	joining_done(f);
	return rc;
}
