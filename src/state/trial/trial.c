// SPDX-License-Identifier: Apache-2.0
/* See trial.h. */
#include "state/trial/trial.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"

#define ROUNDS_MAX 5

static bool is_boot_id(const char *text)
{
	return strlen(text) == CRL_BOOT_ID_MAX - 1 && strspn(text, "0123456789abcdef-") == CRL_BOOT_ID_MAX - 1;
}

int crl_trial_clock(struct crl_trial_now *ret)
{
	char text[64];
	ssize_t n = crl_file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text));

	if (n < 0)
		return (int)n;
	text[strcspn(text, "\n")] = '\0';
	if (!is_boot_id(text))
		return -EBADMSG;
	memcpy(ret->boot, text, CRL_BOOT_ID_MAX);
	ret->ms = (uint64_t)crl_boot_ms();
	return 0;
}

/* Take "KEY=VALUE\n" off *@text. Returns false when that is not what comes next, or the value does not fit. */
static bool take_line(const char **text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	const char *value = *text + len + 1, *end;

	if (strncmp(*text, key, len) != 0 || (*text)[len] != '=')
		return false;
	end = strchr(value, '\n');
	if (!end || end == value || (size_t)(end - value) >= size)
		return false;
	for (const char *p = value; p < end; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	memcpy(buf, value, (size_t)(end - value));
	buf[end - value] = '\0';
	*text = end + 1;
	return true;
}

static bool take_number(const char **text, const char *key, uint64_t max, uint64_t *ret)
{
	char value[24];

	return take_line(text, key, value, sizeof(value)) && crl_parse_uint(value, 0, max, ret) == 0;
}

static bool take_state(const char **text, bool *ret_confirmed)
{
	char value[16];

	if (!take_line(text, "state", value, sizeof(value)))
		return false;
	*ret_confirmed = strcmp(value, "confirmed") == 0;
	return *ret_confirmed || strcmp(value, "running") == 0;
}

int crl_trial_parse(const char *text, size_t len, struct crl_trial *ret)
{
	struct crl_trial t = {0};
	uint64_t version, wall;

	if (strlen(text) != len || !take_number(&text, "trial", 1, &version) || version != 1 ||
	    !take_line(&text, "id", t.id, sizeof(t.id)) || !take_line(&text, "boot", t.boot, sizeof(t.boot)) ||
	    !take_number(&text, "begun", INT64_MAX, &t.begun_ms) ||
	    !take_number(&text, "until", INT64_MAX, &t.until_ms) || !take_number(&text, "wall", INT64_MAX, &wall) ||
	    !take_line(&text, "file", t.file, sizeof(t.file)) || !take_line(&text, "by", t.by, sizeof(t.by)) ||
	    !take_state(&text, &t.confirmed) || strcmp(text, "end\n") != 0)
		return -EBADMSG;
	/* Unsigned: one that is over before it began is too long as well. */
	if (!is_boot_id(t.boot) || strchr(t.file, '/') || t.file[0] == '.' ||
	    t.until_ms - t.begun_ms > CRL_TRIAL_MAX_MS)
		return -EBADMSG;
	t.until_wall = (int64_t)wall;
	*ret = t;
	return 0;
}

int crl_trial_format(const struct crl_trial *t, char *buf, size_t size)
{
	int n = snprintf(buf, size,
			 "trial=1\nid=%s\nboot=%s\nbegun=%" PRIu64 "\nuntil=%" PRIu64 "\nwall=%" PRId64
			 "\nfile=%s\nby=%s\nstate=%s\nend\n",
			 t->id, t->boot, t->begun_ms, t->until_ms, t->until_wall, t->file, t->by,
			 t->confirmed ? "confirmed" : "running");

	return n < 0 || (size_t)n >= size ? -EOVERFLOW : n;
}

enum crl_trial_state crl_trial_judge(const struct crl_trial *t, const struct crl_trial_now *now)
{
	if (t->confirmed)
		return CRL_TRIAL_CONFIRMED;
	if (strcmp(t->boot, now->boot) != 0 || now->ms < t->begun_ms || now->ms >= t->until_ms)
		return CRL_TRIAL_OVER;
	return CRL_TRIAL_RUNNING;
}

void crl_trial_until(const struct crl_trial *t, char *buf, size_t size)
{
	time_t when = (time_t)t->until_wall;
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(buf, size, "%F %T", &tm) == 0)
		(void)snprintf(buf, size, "(unknown)");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int crl_trial_path(const char *config, const char *name, char *buf)
{
	int n = snprintf(buf, PATH_MAX, "%.*s%s", (int)(base_name(config) - config), config, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int read_record(const char *path, struct crl_trial *ret, struct crl_err *err)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	size_t len;
	int rc = crl_path_open_trusted(path, CRL_PATH_FILE, CRL_STAGE_STATE, &fd, err);

	if (rc < 0)
		return rc;
	rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "%s: cannot read: %s", path, strerrordesc_np(-rc));
	if (crl_trial_parse(text, len, ret) < 0)
		return crl_err_set(err, EBADMSG, CRL_STAGE_STATE, "%s: found no record of a trial", path);
	return 0;
}

static enum crl_trial_state look(const char *config, struct crl_trial *ret, struct crl_trial_now *ret_now,
				 struct crl_err *err)
{
	char path[PATH_MAX];
	struct stat st;
	int rc;

	*ret = (struct crl_trial){0};
	*ret_now = (struct crl_trial_now){0};
	if (crl_trial_path(config, CRL_TRIAL_DIR "/" CRL_TRIAL_RECORD, path) < 0)
		return CRL_TRIAL_NONE; /* then the configuration's own path is as long, and that is told */
	rc = lstat(path, &st);
	if (rc < 0 && errno == ENOENT)
		return CRL_TRIAL_NONE;
	/* One that is replaced by rename is no link, even if it were root's. */
	if (rc == 0 && S_ISLNK(st.st_mode))
		rc = crl_err_set(err, EPERM, CRL_STAGE_STATE, "%s: found a symbolic link, expected a regular file",
				 path);
	else
		rc = read_record(path, ret, err);
	if (rc < 0) {
		*ret = (struct crl_trial){0};
		return CRL_TRIAL_BROKEN;
	}
	if (strcmp(ret->file, base_name(config)) != 0) {
		*ret = (struct crl_trial){0};
		return CRL_TRIAL_NONE;
	}
	if (!ret->confirmed && crl_trial_clock(ret_now) < 0) {
		(void)crl_err_set(err, EIO, CRL_STAGE_STATE, "cannot tell which boot of this host it is");
		return CRL_TRIAL_BROKEN;
	}
	return crl_trial_judge(ret, ret_now);
}

enum crl_trial_state crl_trial_look(const char *config, struct crl_trial *ret, struct crl_err *err)
{
	struct crl_trial_now now;

	return look(config, ret, &now, err);
}

/* The candidate's own directory went away whole, by rename: with the same record there it was there all the time. */
static bool is_still_so(const char *path, const struct crl_in_force *f)
{
	struct crl_trial t;
	enum crl_trial_state state = crl_trial_look(path, &t, NULL);

	return (state == CRL_TRIAL_RUNNING || state == CRL_TRIAL_CONFIRMED) && strcmp(t.id, f->trial.id) == 0;
}

static int load_old(const char *path, struct crl_in_force *f, struct crl_config **ret, struct crl_err *err)
{
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	return crl_config_load(path, ret, err);
}

/* One look and what follows from it. Returns false when the trial ended meanwhile. */
static bool load_once(const char *path, struct crl_config **ret, struct crl_in_force *f, struct crl_err *err,
		      int *ret_code)
{
	char name[sizeof(f->trial.file) + sizeof(CRL_TRIAL_DIR)];
	struct crl_config *config = NULL;
	struct crl_trial_now now;

	*f = (struct crl_in_force){0};
	f->state = look(path, &f->trial, &now, &f->why);
	if (f->state != CRL_TRIAL_RUNNING && f->state != CRL_TRIAL_CONFIRMED) {
		*ret_code = load_old(path, f, ret, err);
		return true;
	}
	f->left_ms = f->state == CRL_TRIAL_RUNNING ? f->trial.until_ms - now.ms : 0;
	(void)snprintf(name, sizeof(name), CRL_TRIAL_DIR "/%s", f->trial.file);
	*ret_code = crl_trial_path(path, name, f->path);
	if (*ret_code == 0)
		*ret_code = crl_config_load(f->path, &config, &f->why);
	if (!is_still_so(path, f)) {
		crl_config_free(config);
		return false;
	}
	if (*ret_code == 0) {
		*ret = config;
	} else if (f->state == CRL_TRIAL_RUNNING) {
		f->fell_back = true;
		*ret_code = load_old(path, f, ret, err);
	} else if (err) { /* it is the configuration, and what it replaces may be half gone */
		*err = f->why;
	}
	return true;
}

int crl_trial_load(const char *path, struct crl_config **ret, struct crl_in_force *ret_in_force, struct crl_err *err)
{
	int code;

	for (int round = 0; round < ROUNDS_MAX; round++)
		if (load_once(path, ret, ret_in_force, err, &code))
			return code;
	return crl_err_set(err, EAGAIN, CRL_STAGE_CONFIG, "%s: trials of it begin and end faster than it can be read",
			   path);
}
