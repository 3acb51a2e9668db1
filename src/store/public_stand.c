// SPDX-License-Identifier: Apache-2.0
/* See public_stand.h. R1: nothing is in them but names that passwd and group tell everybody. */
#include "store/public_stand.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/plain.h"

#define MODULE "pam_carrel.so"
#define SUDOERS \
	"Defaults env_reset\n" \
	"Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n" \
	"root ALL=(ALL:ALL) ALL\n" \
	"@includedir /etc/sudoers.d\n"

struct stand_in {
	const char *name; /* in /etc */
	const char *names; /* the file there that has the names it tells; NULL = its text is @text */
	const char *text; /* behind each name, or all of it */
	mode_t mode;
};

static const struct stand_in stand_ins[] = {
	{"shadow", "passwd", ":*:19000:0:99999:7:::\n", 0640}, /* nobody has a password */
	{"gshadow", "group", ":*::\n", 0640},
	{"sudoers", NULL, SUDOERS, 0440},
};

/* R1 */
static int compose(int etc, const struct stand_in *s, FILE *out)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	size_t len;
	int rc;

	if (!s->names)
		return fputs(s->text, out) < 0 ? -ENOMEM : 0;
	rc = crl_plain_open(etc, s->names, O_RDONLY | O_NONBLOCK, 0, &fd);
	if (rc == 0)
		rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *line = text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n')) {
		size_t name = strcspn(line, ":\n");

		if (name > 0 && line[name] == ':' && line[0] != '+' && line[0] != '-')
			(void)fprintf(out, "%.*s%s", (int)name, line, s->text);
	}
	return 0;
}

/* @host  the host's /etc, which tells whose it is */
static int make(int etc, int host, const struct stand_in *s)
{
	scoped_free char *text = NULL;
	struct stat st = {.st_uid = 0};
	scoped_fd fd = -EBADF;
	size_t len = 0;
	FILE *f;
	int rc;

	if (fstatat(host, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	fd = openat(etc, s->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	f = open_memstream(&text, &len);
	if (!f)
		return -ENOMEM;
	rc = compose(etc, s, f);
	if (fclose(f) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc == 0 &&
	    (write(fd, text, len) != (ssize_t)len || fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, s->mode) < 0))
		rc = errno ? -errno : -EIO;
	return rc;
}

/* All lines but those of carrel, each with what it goes on with. */
static void leave_out(char *text)
{
	char *to = text;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool ours;

		while (len > 0 && text[len] && text[len - 1] == '\\')
			len += 1 + strcspn(text + len + 1, "\n");
		len += text[len] == '\n';
		ours = memmem(text, len, MODULE, strlen(MODULE)) != NULL;
		if (!ours) {
			memmove(to, text, len);
			to += len;
		}
		text += len;
	}
	*to = '\0';
}

static int leave_out_of(int dir, const char *name)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	size_t len;
	int rc = crl_plain_open(dir, name, O_RDWR | O_NONBLOCK, 0, &fd);

	if (rc < 0)
		return rc == -ELOOP || rc == -EISDIR || rc == -ENOENT ? 0 : rc; /* a link's file has its own turn */
	rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0 || !memmem(text, len, MODULE, strlen(MODULE)))
		return rc;
	leave_out(text);
	len = strlen(text);
	return ftruncate(fd, 0) < 0 || pwrite(fd, text, len, 0) != (ssize_t)len ? -errno : 0;
}

/* There is no carrel inside: sudo and su of the room's root are nobody's login. */
static int leave_out_carrel(int etc)
{
	scoped(crl_dir) dir = {0};
	int rc = leave_out_of(etc, "pam.conf");

	if (rc == 0 && crl_dir_open(etc, "pam.d", &dir) < 0)
		return dir.error == -ENOENT ? 0 : dir.error;
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		rc = leave_out_of(crl_dir_fd(&dir), name);
	return rc < 0 ? rc : dir.error;
}

int crl_public_stand_in(int root)
{
	scoped_fd etc = -EBADF, host = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = host < 0 ? -errno : crl_plain_open(root, "etc", O_RDONLY | O_DIRECTORY, 0, &etc);

	for (size_t i = 0; i < CRL_ARRAY_LEN(stand_ins) && rc == 0; i++)
		rc = make(etc, host, &stand_ins[i]);
	return rc < 0 ? rc : leave_out_carrel(etc);
}
