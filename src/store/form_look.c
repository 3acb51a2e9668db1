// SPDX-License-Identifier: Apache-2.0
/*
 * How full an entry is, without its lock, a mount, or more power than reading takes. See form.h.
 *
 * Source: statfs(2) of ext4 and xfs: below a directory whose project others inherit, the file system tells the
 * project's limit and what is left of it.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/form.h"
#include "store/form_place.h"

static void look_at_project(int dir, const struct crl_owner *o, struct crl_form_usage *ret)
{
	scoped_fd data = openat(dir, CRL_FORM_DATA, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	uint64_t all;

	if (data < 0 || o->size == 0 || fstatfs(data, &fs) < 0)
		return;
	all = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
	if (all > o->size) /* quotas are off: that is the whole file system */
		return;
	*ret = (struct crl_form_usage){
		.bytes = all - (uint64_t)fs.f_bfree * (uint64_t)fs.f_bsize,
		.bytes_max = o->size,
		.inodes = o->inodes ? fs.f_files - fs.f_ffree : 0,
		.inodes_max = o->inodes,
		.is_known = true,
	};
}

/* What it has of the disk: what is free in it is a hole of the file. */
static void look_at_image(int dir, const struct crl_owner *o, struct crl_form_usage *ret)
{
	struct stat st;

	if (fstatat(dir, CRL_FORM_IMAGE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return;
	*ret = (struct crl_form_usage){.bytes = (uint64_t)st.st_blocks * 512, .bytes_max = o->size, .is_known = true};
}

void crl_form_look(int dir, const struct crl_owner *o, struct crl_form_usage *ret)
{
	*ret = (struct crl_form_usage){.is_known = false};
	if (o->form == CRL_FORM_PROJECT)
		look_at_project(dir, o, ret);
	else if (o->form == CRL_FORM_IMAGE)
		look_at_image(dir, o, ret);
}
