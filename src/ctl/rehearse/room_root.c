// SPDX-License-Identifier: Apache-2.0
/* See room_root.h. What is joined is named by the room's own stage file, which root alone has written. */
#include "ctl/rehearse/room_root.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"

int ctl_room_last(struct crl_last *ret)
{
	char text[CRL_LAST_TEXT_MAX + 2];
	int n = (int)crl_file_read(AT_FDCWD, CRL_LAST_FILE, text, sizeof(text));

	return n < 0 ? n : crl_last_parse(text, (size_t)n, ret, NULL);
}

int ctl_room_root_become(void)
{
	scoped_fd ns = -EBADF, root = -EBADF;
	struct crl_last last;
	int rc = ctl_room_last(&last);

	if (rc == 0 && last.user == CRL_LAST_USER_NONE)
		rc = -ENOENT;
	if (rc < 0)
		return rc;
	ns = open(last.ns, O_RDONLY | O_CLOEXEC);
	root = open(last.root[0] ? last.root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns < 0 || root < 0)
		return -errno;
	if (setns(ns, CLONE_NEWUSER) < 0 || setgroups(0, NULL) < 0 || fchdir(root) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}
