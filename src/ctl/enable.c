// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl enable, disable: carrel's two lines in /etc/pam.d/SERVICE.
 *
 * R1: the file is replaced by rename, whole or not at all, with its owner and mode.
 * R2: what was there before enable is kept in BACKUP beside the configuration, not in pam.d, where every file is a
 *     service.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "ctl/pamstack.h"

#define BACKUP "pam-backup"

static bool is_service(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) < CRL_SERVICE_MAX && !strchr(name, '/');
}

static int read_file(const char *path, char **ret_text, struct stat *ret_st, struct crl_err *err)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len;
	int r;

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot read %s: %s", path, strerrordesc_np(errno));
	if (!S_ISREG(ret_st->st_mode))
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s is no plain file", path);
	r = crl_file_read_all(fd, ret_text, &len);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_CONFIG, "cannot read %s: %s", path, strerrordesc_np(-r));
	if (strlen(*ret_text) != len)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s has a NUL byte in it", path);
	return 0;
}

static int replace(const char *path, const char *text, const struct stat *as, struct crl_err *err) /* R1 */
{
	char temp[PATH_MAX];
	const char *slash = strrchr(path, '/');
	scoped_fd fd = -EBADF;
	int r;

	(void)snprintf(temp, sizeof(temp), "%.*s/.carrel-XXXXXX", (int)(slash - path), path); /* no name of a service */
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot write beside %s: %s", path, strerrordesc_np(errno));
	r = crl_file_write_all(fd, text, strlen(text));
	if (r == 0 && (fchown(fd, as->st_uid, as->st_gid) < 0 || fchmod(fd, as->st_mode & 07777) < 0))
		r = -errno;
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temp);
		return crl_err_set(err, -r, CRL_STAGE_CONFIG, "cannot replace %s: %s", path, strerrordesc_np(-r));
	}
	return 0;
}

void ctl_beside_config(const struct ctl *c, const char *name, char *buf)
{
	const char *slash = strrchr(c->config, '/');

	(void)snprintf(buf, PATH_MAX, "%.*s/%s", slash ? (int)(slash - c->config) : 1, slash ? c->config : ".", name);
}

static int keep_backup(const struct ctl *c, const char *service, const char *text, char path[PATH_MAX],
		       struct crl_err *err) /* R2 */
{
	scoped_fd fd = -EBADF;
	int r;

	ctl_beside_config(c, BACKUP, path);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot make %s: %s", path, strerrordesc_np(errno));
	(void)snprintf(path + strlen(path), PATH_MAX - strlen(path), "/%s", service);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : crl_file_write_all(fd, text, strlen(text));
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_CONFIG, "cannot write the backup %s: %s", path, strerrordesc_np(-r)) : 0;
}

/* What the module must be told when not everything is where it looks by itself. */
static void arguments_of(const struct ctl *c, char *buf, size_t size)
{
	bool config = strcmp(c->config, CRL_CONFIG_PATH) != 0, state = strcmp(c->state, CRL_STATE_DIR) != 0;

	(void)snprintf(buf, size, "%s%s%s%s%s", config ? "config=" : "", config ? c->config : "", config && state ? " " : "",
		       state ? "state=" : "", state ? c->state : "");
}

static enum ctl_exit enable_one(const struct ctl *c, const char *service, const char *path, const char *text,
				const struct stat *st)
{
	char arguments[PATH_MAX], backup[PATH_MAX];
	scoped_free char *changed = NULL;
	struct crl_err err = {0};
	int r;

	arguments_of(c, arguments, sizeof(arguments));
	r = pam_stack_enable(text, arguments, &changed, &err);
	if (r == -EEXIST || r == -EINVAL)
		return ctl_complain(c, r == -EEXIST ? CTL_NO : CTL_FAIL, "%s, %s", path, err.text);
	if (r == 0)
		r = keep_backup(c, service, text, backup, &err);
	if (r == 0)
		r = replace(path, changed, st, &err);
	if (r < 0)
		return ctl_error(c, &err);
	(void)printf("%s: carrel's two lines are in; what was there is in %s\n"
		     "Keep this shell open and log in from another terminal. The way back: carrelctl disable %s\n",
		     path, backup, service);
	return CTL_YES;
}

static enum ctl_exit disable_one(const struct ctl *c, const char *path, const char *text, const struct stat *st)
{
	scoped_free char *changed = NULL;
	struct crl_err err = {0};
	int gone = pam_stack_disable(text, &changed);

	if (gone < 0)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (gone == 0)
		return ctl_complain(c, CTL_NO, "%s has no line of carrel", path);
	if (replace(path, changed, st, &err) < 0)
		return ctl_error(c, &err);
	(void)printf("%s: %d lines of carrel are out; open logins stay in their rooms\n", path, gone);
	return CTL_YES;
}

static enum ctl_exit change(const struct ctl *c, const char *service, bool enable)
{
	scoped_free char *text = NULL;
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	char path[PATH_MAX];
	struct stat st;

	if (!is_service(service))
		return ctl_complain(c, CTL_USAGE, "\"%s\" is no name of a PAM service", service);
	(void)snprintf(path, sizeof(path), "%s/%s", c->pam_dir, service);
	/* With a broken configuration every login would be refused at once. */
	if (enable && ctl_load_config(c, &config, &err) == 0 && crl_config_check_all(config, &err) == 0)
		err = (struct crl_err){0};
	crl_config_free(config);
	if (err.code)
		return ctl_error(c, &err);
	if (read_file(path, &text, &st, &err) < 0)
		return ctl_error(c, &err);
	return enable ? enable_one(c, service, path, text, &st) : disable_one(c, path, text, &st);
}

enum ctl_exit ctl_enable(const struct ctl *c, int argc, char **argv)
{
	(void)argc;
	return change(c, argv[0], true);
}

enum ctl_exit ctl_disable(const struct ctl *c, int argc, char **argv)
{
	(void)argc;
	return change(c, argv[0], false);
}
