// SPDX-License-Identifier: Apache-2.0
/*
 * See wishes.h.
 *
 * Runs in: carrel-keeper, as the user.
 */
#include "helper/keeper/wishes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/plain.h"

#define HEADLINE "carrel-wishes 1\n"
#define LOCK_MS 2000
#define LOCK_RETRY_MS 5

static const char *const words[CRL_WISH_ASK_COUNT] = {
	[CRL_WISH_SNAPSHOT] = "snapshot ", [CRL_WISH_DISCARD] = "discard", [CRL_WISH_KEEP] = "keep"};

_Static_assert(sizeof(HEADLINE) + KEEPER_WISHES_MAX * (sizeof("snapshot \n") + CRL_WISH_NAME_MAX) <= KEEPER_WISHES_SIZE,
	       "the longest text fits");

/* One line without its newline. */
static int parse_line(const char *line, struct keeper_wishes *ret)
{
	for (size_t what = 0; what < CRL_ARRAY_LEN(words); what++) {
		size_t len = words[what] ? strlen(words[what]) : 0;
		const char *name = line + len;

		if (!words[what] || strncmp(line, words[what], len) != 0)
			continue;
		if (what == CRL_WISH_SNAPSHOT ? !crl_wish_is_name(name) : name[0] != '\0')
			return -EBADMSG;
		return keeper_wishes_add(ret, (enum crl_wish_ask)what, name);
	}
	return -EBADMSG;
}

static int parse_lines(char *text, struct keeper_wishes *ret)
{
	int rc = 0;

	for (char *line = text, *end; *line && rc == 0; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		rc = parse_line(line, ret);
	}
	return rc;
}

int keeper_wishes_parse(const char *text, size_t len, struct keeper_wishes *ret)
{
	const size_t head = sizeof(HEADLINE) - 1;
	char copy[KEEPER_WISHES_SIZE];

	ret->len = 0;
	while (len > 0 && text[len - 1] == '\0')
		len--;
	if (len < head || len >= sizeof(copy) || memcmp(text, HEADLINE, head) != 0 || memchr(text, '\0', len))
		return -EBADMSG;
	memcpy(copy, text + head, len - head);
	copy[len - head] = '\0';
	if (parse_lines(copy, ret) == 0)
		return 0;
	ret->len = 0;
	return -EBADMSG;
}

void keeper_wishes_print(const struct keeper_wishes *w, char buf[KEEPER_WISHES_SIZE])
{
	size_t at;

	memset(buf, 0, KEEPER_WISHES_SIZE);
	at = (size_t)snprintf(buf, KEEPER_WISHES_SIZE, HEADLINE);
	for (size_t i = 0; i < w->len; i++)
		at += (size_t)snprintf(buf + at, KEEPER_WISHES_SIZE - at, "%s%s\n", words[w->wish[i].what],
				       w->wish[i].name);
}

void keeper_wishes_drop(struct keeper_wishes *w, size_t i)
{
	memmove(&w->wish[i], &w->wish[i + 1], (w->len - i - 1) * sizeof(w->wish[0]));
	w->len--;
}

static void drop_all(struct keeper_wishes *w, enum crl_wish_ask what)
{
	for (size_t i = w->len; i-- > 0;)
		if (w->wish[i].what == what)
			keeper_wishes_drop(w, i);
}

int keeper_wishes_add(struct keeper_wishes *w, enum crl_wish_ask what, const char *name)
{
	struct keeper_wish *added;

	for (size_t i = 0; i < w->len; i++)
		if (w->wish[i].what == what && strcmp(w->wish[i].name, name) == 0)
			return what == CRL_WISH_SNAPSHOT ? -EEXIST : 0;
	if (what != CRL_WISH_SNAPSHOT)
		drop_all(w, what == CRL_WISH_KEEP ? CRL_WISH_DISCARD : CRL_WISH_KEEP);
	if (w->len == KEEPER_WISHES_MAX)
		return -EUSERS;
	added = &w->wish[w->len++];
	added->what = what;
	(void)snprintf(added->name, sizeof(added->name), "%s", name);
	return 0;
}

/* Of what else could stand there nothing is waited for, and no link is followed. Returns the descriptor or -errno. */
static int open_file(int data, int flags)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_plain_open(data, KEEPER_WISHES_FILE, (uint64_t)(flags | O_NONBLOCK | O_NOCTTY),
				flags & O_CREAT ? 0600 : 0, &fd);

	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_size <= KEEPER_WISHES_SIZE ? take_fd(&fd) : -ELOOP;
}

int keeper_wishes_read(int data, struct keeper_wishes *ret)
{
	char text[KEEPER_WISHES_SIZE];
	scoped_fd fd = open_file(data, O_RDONLY);
	ssize_t n;

	ret->len = 0;
	if (fd < 0)
		return fd == -ENOENT || fd == -ELOOP ? 0 : fd;
	n = pread(fd, text, sizeof(text), 0);
	if (n < 0)
		return -errno;
	crl_ignore(keeper_wishes_parse(text, (size_t)n, ret)); /* one that makes no sense holds none */
	return 0;
}

int keeper_wishes_write(int data, const struct keeper_wishes *w)
{
	char text[KEEPER_WISHES_SIZE];
	scoped_fd fd = open_file(data, O_RDWR | O_CREAT);
	ssize_t n;

	if (fd == -ELOOP || fd == -ENXIO) { /* put there by somebody else */
		(void)unlinkat(data, KEEPER_WISHES_FILE, 0);
		fd = open_file(data, O_RDWR | O_CREAT);
	}
	if (fd < 0)
		return fd;
	keeper_wishes_print(w, text);
	n = pwrite(fd, text, sizeof(text), 0);
	if (n != (ssize_t)sizeof(text))
		return n < 0 ? -errno : -ENOSPC;
	return fdatasync(fd) < 0 ? -errno : 0;
}

/* The directory itself is locked, by an open file of our own: @data is shared with who gave it to us. */
int keeper_wishes_lock(int data, int *ret)
{
	int64_t end = crl_now_ms() + LOCK_MS;
	scoped_fd fd = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || crl_now_ms() >= end)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		crl_pause_ms(LOCK_RETRY_MS);
	}
	*ret = take_fd(&fd);
	return 0;
}
