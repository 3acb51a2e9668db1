// SPDX-License-Identifier: Apache-2.0
/*
 * Form "project": a directory with a project quota. See form.h.
 *
 * R1: a project id is one entry's alone: none that another entry's record has, that the host's own projects have
 *     (/etc/projid, /etc/projects), or that anything is counted for already.
 *
 * Source: quotactl(2), quotactl_fd (Linux 5.14), ioctl_xfs_fsgetxattr(2). Root is not bound by limits
 * (CAP_SYS_RESOURCE), so that an overlay can be mounted over what is full; overlayfs gives that capability up before
 * it writes for users.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/compat.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"
#include "store/form_place.h"

#define FIRST 1200000000u /* far from what people choose, and from 2^31 */
#define COUNT 800000000u
#define EACH 8u /* ids of one uid before those of others are tried */
#define TRIES 4096
#define LOCK_MS 5000

static int quota(int fd, int command, uint32_t id, void *data)
{
	return syscall(SYS_quotactl_fd, fd, (unsigned int)QCMD(command, PRJQUOTA), id, data) < 0 ? -errno : 0;
}

int crl_project_is_on(int dir)
{
	struct fs_quota_statv s = {.qs_version = FS_QSTATV_VERSION1};
	int rc = quota(dir, Q_XGETQSTATV, 0, &s);

	if (rc < 0)
		return rc == -EPERM || rc == -EIO ? rc : -EOPNOTSUPP;
	return s.qs_flags & FS_QUOTA_PDQ_ENFD ? 0 : -EOPNOTSUPP;
}

/* A line of /etc/projid "NAME:ID", or of /etc/projects "ID:PATH". */
static bool line_has(const char *line, size_t len, uint32_t id)
{
	const char *colon = memchr(line, ':', len);
	char text[16];

	(void)snprintf(text, sizeof(text), "%" PRIu32, id);
	return colon && ((size_t)(colon - line) == strlen(text) ? memcmp(line, text, strlen(text)) == 0
								: len - (size_t)(colon + 1 - line) == strlen(text) &&
									  memcmp(colon + 1, text, strlen(text)) == 0);
}

/* Returns 1; 0; -errno it cannot be told. */
static int file_has(const char *path, uint32_t id)
{
	scoped_free char *text = NULL;
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size;
	int rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = crl_file_read_all(fd, &text, &size);
	if (rc < 0)
		return rc;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (line_has(line, strcspn(line, "\n"), id))
			return 1;
	return 0;
}

/* Does another entry's record have it? Returns 1; 0; -errno. */
static int entries_have(const struct crl_entry *e, uint32_t id)
{
	static const char *const places[] = {CRL_STORE_HOMES, CRL_STORE_ROOTS, CRL_STORE_ORPHANS};

	for (size_t i = 0; i < CRL_ARRAY_LEN(places); i++) {
		scoped(crl_dir) dir = {0};

		(void)crl_dir_open(e->store->dir, places[i], &dir);
		for (const char *name; (name = crl_dir_next(&dir));) {
			scoped_fd entry = -EBADF;
			struct crl_owner o;

			if (crl_store_dir(crl_dir_fd(&dir), name, false, &entry) < 0 ||
			    crl_entry_read_owner(entry, &o) < 0)
				continue;
			if (o.project == id && strcmp(o.id, e->owner.id) != 0)
				return 1;
		}
		if (dir.error < 0 && dir.error != -ENOENT)
			return dir.error;
	}
	return 0;
}

/* Is anything counted or limited for it? Returns 1; 0; -errno. */
static int is_counted(int dir, uint32_t id)
{
	struct if_dqblk q = {0};
	int rc = quota(dir, Q_GETQUOTA, id, &q);

	if (rc < 0)
		return rc == -ENOENT || rc == -ESRCH ? 0 : rc;
	return q.dqb_curspace || q.dqb_curinodes || q.dqb_bhardlimit || q.dqb_ihardlimit;
}

/* R1. Returns 1; 0; -errno. */
static int is_taken(const struct crl_entry *e, int dir, uint32_t id)
{
	int rc = file_has("/etc/projid", id);

	if (rc == 0)
		rc = file_has("/etc/projects", id);
	if (rc == 0)
		rc = entries_have(e, id);
	return rc == 0 ? is_counted(dir, id) : rc;
}

/* Chosen under the store's lock and on record before anything has it, so nobody else chooses it. */
static int choose_id(struct crl_entry *e, int dir, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	int rc = crl_store_lock(e->store, LOCK_MS, &lock, err);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < TRIES; i++) {
		struct crl_entry noted = *e;
		uint32_t id = FIRST + (uint32_t)(((uint64_t)e->owner.uid * EACH + i) % COUNT);

		rc = is_taken(e, dir, id);
		if (rc > 0)
			continue;
		noted.owner.project = id;
		noted.owner.form = CRL_FORM_NONE; /* until all is there */
		if (rc == 0)
			rc = crl_entry_write_owner(&noted);
		if (rc == 0)
			e->owner.project = id;
		return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot choose a project id: %s",
					    strerrordesc_np(-rc))
			      : 0;
	}
	return crl_err_set(err, EDQUOT, CRL_STAGE_HOME, "no project id is free near %" PRIu32,
			   FIRST + (uint32_t)((uint64_t)e->owner.uid * EACH % COUNT));
}

int crl_project_limit(const struct crl_entry *e, int dir, struct crl_err *err)
{
	struct if_dqblk q = {
		.dqb_bhardlimit = (e->owner.size + QIF_DQBLKSIZE - 1) / QIF_DQBLKSIZE,
		.dqb_ihardlimit = e->owner.inodes,
		.dqb_valid = QIF_LIMITS,
	};
	int rc = quota(dir, Q_SETQUOTA, e->owner.project, &q);

	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot set the quota of project %" PRIu32 ": %s",
				    e->owner.project, strerrordesc_np(-rc))
		      : 0;
}

int crl_project_make(struct crl_entry *e, int data, struct crl_err *err)
{
	struct fsxattr x = {0};
	int rc = e->owner.project ? 0 : choose_id(e, data, err);

	if (rc == 0)
		rc = crl_project_limit(e, data, err);
	if (rc < 0)
		return rc;
	if (ioctl(data, FS_IOC_FSGETXATTR, &x) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot read the project of a directory: %s",
				   strerrordesc_np(errno));
	x.fsx_projid = e->owner.project;
	x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(data, FS_IOC_FSSETXATTR, &x) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot set the project of a directory: %s",
				   strerrordesc_np(errno));
	return 0;
}

int crl_project_usage(const struct crl_entry *e, int dir, struct crl_form_usage *ret, struct crl_err *err)
{
	struct if_dqblk q = {0};
	int rc = quota(dir, Q_GETQUOTA, e->owner.project, &q);

	if (rc < 0 && rc != -ENOENT && rc != -ESRCH)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot read the quota of project %" PRIu32 ": %s",
				   e->owner.project, strerrordesc_np(-rc));
	*ret = (struct crl_form_usage){
		.bytes = q.dqb_curspace,
		.bytes_max = e->owner.size,
		.inodes = q.dqb_curinodes,
		.inodes_max = e->owner.inodes,
		.is_known = true,
	};
	return 0;
}
