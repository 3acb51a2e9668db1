// SPDX-License-Identifier: Apache-2.0
/*
 * See busy.h. The overlay is made in a child with a mount namespace of its own, in which the data can be attached.
 *
 * Source: the kernel's filesystems/overlayfs.rst ("Sharing and copying layers", "index").
 */
#include "store/busy.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"
#include "store/form.h"
#include "store/stack.h"

#define PROBE "work.probe" /* the overlay's own, beside the work of those that are shown */
#define RETRY_MS 50
#define ASK_MS 5000 /* one look has so long, whatever is left of the patience: the store may be a slow disk */

static int set(int fs, const char *key, const char *value)
{
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

/* A file system of ours over "/", where no path of somebody's is needed. @ret_fd  its root, where we are then */
static int make_scaffold(int *ret_fd)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fs = -EBADF, fd = -EBADF;

	if (root < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || set(fs, "size", "64K") < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fd < 0 || move_mount(fd, "", root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ||
	    mkdirat(fd, "lower", 0700) < 0 || mkdirat(fd, "data", 0700) < 0 || fchdir(fd) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* What an overlay has left there belongs to another upper: nothing but empty directories. */
static int make_work(int data)
{
	scoped_fd work = -EBADF;

	if (mkdirat(data, PROBE, 0700) < 0 && errno != EEXIST)
		return -errno;
	work = openat(data, PROBE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return -errno;
	(void)unlinkat(work, "work", AT_REMOVEDIR);
	(void)unlinkat(work, "index", AT_REMOVEDIR);
	return 0;
}

/* Which lower it was, of no meaning here: the next one would be refused. */
static int forget_origin(int data)
{
	scoped_fd up = -EBADF;
	int rc = crl_stack_open_up(data, &up, NULL);

	if (rc < 0)
		return rc;
	return fremovexattr(up, "trusted.overlay.origin") < 0 && errno != ENODATA ? -errno : 0;
}

static int probe(void)
{
	static const char *const options[][2] = {{"source", "probe"},
						 {"lowerdir", "lower"},
						 {"upperdir", "data/" CRL_STACK_UP},
						 {"workdir", "data/" PROBE},
						 {"redirect_dir", "on"},
						 {"metacopy", "off"},
						 {"index", "on"},
						 {"xino", "off"}};
	scoped_fd fs = fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0)
		return -errno;
	for (size_t i = 0; i < CRL_ARRAY_LEN(options); i++) {
		int rc = set(fs, options[i][0], options[i][1]);

		if (rc < 0)
			return rc;
	}
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

/* In the child. What is opened is opened before its mounts are its own: only of ours can there be a clone. */
static int look(const struct crl_entry *e)
{
	scoped_fd data = -EBADF, scaffold = -EBADF;
	int rc = crl_form_open(e, 0, &data, NULL);

	if (rc == 0)
		rc = make_work(data);
	if (rc == 0)
		rc = forget_origin(data);
	if (rc == 0 && unshare(CLONE_NEWNS) < 0)
		rc = -errno;
	if (rc == 0)
		rc = make_scaffold(&scaffold);
	if (rc == 0 && move_mount(data, "", scaffold, "data", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		rc = -errno;
	if (rc == 0)
		rc = probe();
	if (rc == 0)
		rc = forget_origin(data);
	return rc;
}

static int ask(const struct crl_entry *e, int64_t end_ms)
{
	int64_t least_ms = crl_now_ms() + ASK_MS;
	pid_t self = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (!crl_child_ends_with(self))
			_exit(ESRCH);
		_exit(-look(e) & 0xff);
	}
	return crl_child_answer(pid, end_ms > least_ms ? end_ms : least_ms);
}

int crl_entry_prove_idle(const struct crl_entry *e, int64_t patience_ms, struct crl_err *err)
{
	const char *unfit = e->owner.form == CRL_FORM_IMAGE ? NULL : crl_store_unfit(e->dir);
	int64_t end = crl_now_ms() + patience_ms;
	int rc;

	while ((rc = ask(e, end)) == -EBUSY && crl_now_ms() < end)
		crl_pause_ms(RETRY_MS);
	if (rc == -EBUSY)
		return crl_err_set(
			err, EBUSY, CRL_STAGE_HOME,
			"%s/%s is mounted though no room says so: programs of one that has ended still have it",
			e->store->path, e->name);
	if (rc == -ETIMEDOUT)
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_HOME,
				   "%s/%s: the file system of the store does not answer", e->store->path, e->name);
	if (rc < 0 && unfit)
		return crl_err_set(err, -rc, CRL_STAGE_HOME,
				   "the store %s is on %s, which takes no upper: put it on ext4, XFS or Btrfs",
				   e->store->path, unfit);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot find out whether %s/%s is mounted: %s",
				    e->store->path, e->name, strerrordesc_np(-rc))
		      : 0;
}
