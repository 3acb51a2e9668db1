// SPDX-License-Identifier: Apache-2.0
/* What a kept home or root lies over; see lower.h. */
#include "ctl/home/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/mounts/mounting.h"
#include "base/clock.h"
#include "base/path.h"
#include "ctl/command.h"
#include "ctl/home/kept.h"
#include "store/image.h"
#include "store/image_attach.h"

#define HOST "host"
#define IMAGE "image "
#define PATIENCE_MS 10000 /* for a login that attaches the same image */

static int open_image(const struct ctl *c, const struct ctl_kept *k, const char *line, int *ret_fd, struct crl_err *err)
{
	const struct crl_image_user user = {
		.store = k->store_path, .state = c->state, .until_ms = crl_now_ms() + PATIENCE_MS};
	struct crl_image image = {0};
	int rc;

	if (strncmp(line, IMAGE, strlen(IMAGE)) != 0)
		return crl_image_attach_file(&user, line, ret_fd, err);
	rc = crl_image_resolve(k->store_path, line + strlen(IMAGE), &image, err);
	return rc < 0 ? rc : crl_image_attach(&user, &image, ret_fd, err);
}

static int open_dir(const char *path, int *ret_fd, struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	int rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_HOME, &dir, err);

	if (rc < 0)
		return rc;
	rc = crl_mount_clone(dir, false, ret_fd);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "%s: %s", path, strerrordesc_np(-rc)) : 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return strncmp(path, IMAGE, strlen(IMAGE)) == 0 || (stat(path, &st) == 0 && S_ISREG(st.st_mode));
}

int ctl_lower_open(const struct ctl *c, const struct ctl_kept *k, const char *line, int *ret_fd, struct crl_err *err)
{
	scoped_fd mount = -EBADF;
	int rc = is_file(line) ? open_image(c, k, line, &mount, err)
			       : open_dir(strcmp(line, HOST) == 0 ? "/" : line, &mount, err);

	if (rc < 0)
		return rc;
	*ret_fd = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? crl_err_set(err, errno, CRL_STAGE_HOME, "%s: %s", line, strerrordesc_np(errno)) : 0;
}
