// SPDX-License-Identifier: Apache-2.0
/* See drain.h. */
#include "state/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"

#define FILE_NAME "drain"
#define NEW_NAME ".drain-new"

/* Take "KEY=VALUE\n" off *@text. Returns false when that is not what comes next, or the value does not fit. */
static bool take_line(const char **text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	const char *value, *end;

	if (strncmp(*text, key, len) != 0 || (*text)[len] != '=')
		return false;
	value = *text + len + 1;
	end = strchr(value, '\n');
	if (!end || (size_t)(end - value) >= size)
		return false;
	for (const char *p = value; p < end; p++)
		if (*p < ' ' || *p >= 0x7f)
			return false;
	memcpy(buf, value, (size_t)(end - value));
	buf[end - value] = '\0';
	*text = end + 1;
	return true;
}

static bool take_number(const char **text, const char *key, uint64_t *ret)
{
	char value[24];

	return take_line(text, key, value, sizeof(value)) && crl_parse_uint(value, 0, INT64_MAX, ret) == 0;
}

int crl_drain_parse(const char *text, size_t len, struct crl_drain *ret)
{
	struct crl_drain d = {0};
	uint64_t version, since, until;

	if (strlen(text) != len || !take_number(&text, "drain", &version) || version != 1 ||
	    !take_number(&text, "since", &since) || !take_number(&text, "until", &until) ||
	    !take_number(&text, "until_ms", &d.until_ms) || !take_line(&text, "by", d.by, sizeof(d.by)) ||
	    !take_line(&text, "text", d.text, sizeof(d.text)) || strcmp(text, "end\n") != 0)
		return -EBADMSG;
	d.since = (int64_t)since;
	d.until = (int64_t)until;
	*ret = d;
	return 0;
}

int crl_drain_format(const struct crl_drain *d, char *buf, size_t size)
{
	int n = snprintf(buf, size,
			 "drain=1\nsince=%" PRId64 "\nuntil=%" PRId64 "\nuntil_ms=%" PRIu64 "\nby=%s\ntext=%s\nend\n",
			 d->since, d->until, d->until_ms, d->by, d->text);

	return n < 0 || (size_t)n >= size ? -EOVERFLOW : n;
}

static enum crl_drain_state broken(struct crl_err *err, const char *why)
{
	crl_ignore(crl_err_set(err, EBADMSG, CRL_STAGE_STATE,
			       "the file \"" FILE_NAME "\" of the state directory counts for "
			       "nothing, logins are taken: %s",
			       why));
	return CRL_DRAIN_BROKEN;
}

enum crl_drain_state crl_drain_look(int state_dir, struct crl_drain *ret, struct crl_err *err)
{
	/* O_NONBLOCK: a FIFO of that name must not stop a login. */
	scoped_fd fd = openat(state_dir, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[CRL_DRAIN_FILE_MAX];
	struct stat st;
	ssize_t n;

	*ret = (struct crl_drain){0};
	if (fd < 0)
		return errno == ENOENT ? CRL_DRAIN_NONE : broken(err, strerrordesc_np(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return broken(err, "it is no file that is root's alone");
	n = crl_file_read_fd(fd, text, sizeof(text));
	if (n < 0)
		return broken(err, strerrordesc_np((int)-n));
	if (crl_drain_parse(text, (size_t)n, ret) < 0)
		return broken(err, "it is not of carrelctl's form");
	if (ret->until_ms == 0)
		return CRL_DRAIN_ON;
	return (uint64_t)crl_boot_ms() < ret->until_ms ? CRL_DRAIN_ON : CRL_DRAIN_OVER;
}

int crl_drain_begin(int state_dir, const struct crl_drain *d)
{
	char text[CRL_DRAIN_FILE_MAX];
	struct crl_drain back;
	int n = crl_drain_format(d, text, sizeof(text));
	int rc = n < 0 ? n : crl_drain_parse(text, (size_t)n, &back); /* else it would count for nothing */

	if (rc < 0)
		return rc;
	return crl_file_replace(state_dir, &(struct crl_file){.name = FILE_NAME,
							      .beside = NEW_NAME,
							      .data = text,
							      .len = (size_t)n,
							      .mode = 0600,
							      .durable = true});
}

int crl_drain_end(int state_dir)
{
	return unlinkat(state_dir, FILE_NAME, 0) < 0 ? -errno : 0;
}

/* Of the directory itself, opened anew: so there is no file more, and no other lock of the state meets this one. */
int crl_drain_lock(int state_dir, int operation, int *ret_fd)
{
	scoped_fd fd = openat(state_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, operation | LOCK_NB) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}
