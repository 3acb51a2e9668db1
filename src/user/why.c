// SPDX-License-Identifier: Apache-2.0
/*
 * `carrel why`. What the kernel counts in the user's control group since it is there, and what was on record of the
 * user when the room was made, which is a file of the room's.
 *
 * Runs in: carrel, as the user. Trusts: nothing that it reads but that it is text.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apply/limits/counts.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/plain.h"
#include "base/scope.h"
#include "plan/limits/counts.h"
#include "state/why/why.h"
#include "user/home.h"
#include "user/own.h"
#include "user/said.h"
#include "wire/contact.h"

#define TEXT_MAX 256

static void put(const char *when, const struct crl_why_event *e)
{
	char text[TEXT_MAX], buf[CRL_RETOLD_MAX];

	if (e->cause == CRL_WHY_CPU)
		(void)snprintf(text, sizeof(text), "was held back for %" PRIu64 " s: it wanted more processor time",
			       e->count);
	else if (e->cause == CRL_WHY_IO)
		(void)snprintf(text, sizeof(text), "waited for disks for %" PRIu64 " s", e->count);
	else
		crl_why_describe(e, crl_user_language(), text, sizeof(text));
	(void)printf("%-*s  %s\n", crl_user_width(when, 16), when, crl_user_said(text, buf));
}

/* Before Linux 6.12 a fork is counted as refused where the process is: in the control group of one login. */
static uint64_t refused_below(int cgroup)
{
	scoped(crl_dir) walk = {0};
	uint64_t sum = 0;
	char text[128];

	(void)crl_dir_open(cgroup, ".", &walk);
	for (const char *name; (name = crl_dir_next(&walk));) {
		scoped_fd fd = openat(cgroup, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		uint64_t n = CRL_COUNT_UNKNOWN;

		if (fd >= 0 && crl_file_read(fd, "pids.events", text, sizeof(text)) > 0)
			n = crl_count_find(&crl_count_places[CRL_COUNT_REFUSED_OWN], text);
		sum += n == CRL_COUNT_UNKNOWN ? 0 : n;
	}
	return sum;
}

/* @since  when the room was made: the kernel does not tell when it began to count */
static size_t put_counted(int64_t since)
{
	struct crl_why_event login = {.since = since}, event[CRL_WHY_MET_MAX];
	scoped_fd cgroup = crl_user_cgroup();
	int64_t seconds = time(NULL) - since;
	struct crl_counts before, now;
	char buf[CRL_RETOLD_MAX];
	struct crl_met met;
	size_t n;

	if (cgroup < 0)
		return 0;
	crl_counts_init(&before);
	crl_counts_read(cgroup, -EBADF, &now);
	now.n[CRL_COUNT_REFUSED_OWN] = refused_below(cgroup);
	met = crl_counts_met(&before, &now, seconds > 0 ? (uint64_t)seconds : 0);
	n = crl_why_of_counts(&met, &now, &login, event);
	for (size_t i = n; i > 0; i--)
		put(crl_user_said("now", buf), &event[i - 1]);
	return n;
}

static int read_record(struct crl_why *ret)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	char text[CRL_WHY_SIZE_MAX + 1];
	ssize_t n;

	if (root < 0 || crl_plain_open(root, CRL_WHY_ROOM_FILE, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd) < 0)
		return -ENOENT;
	n = crl_file_read_fd(fd, text, sizeof(text));
	return n < 0 ? (int)n : crl_why_parse(text, (size_t)n, ret);
}

/* Newest first. */
static size_t put_recorded(void)
{
	const struct crl_saying earlier = {crl_user_language(), CRL_PHRASE_EARLIER};
	struct crl_why why;
	size_t n = 0;

	if (read_record(&why) < 0)
		return 0;
	for (size_t i = why.len; i > 0; i--) {
		const struct crl_why_event *e = &why.event[i - 1];
		time_t at = (time_t)(e->when_ms / 1000);
		char when[40];
		struct tm tm;

		if (e->cause == CRL_WHY_CHANGES)
			continue;
		if (!localtime_r(&at, &tm) || strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm) == 0)
			(void)crl_say(when, sizeof(when), &earlier, NULL, NULL);
		put(when, e);
		n++;
	}
	return n;
}

int crl_user_why(char *const *argv)
{
	char contact[CRL_CONTACT_MAX], buf[CRL_RETOLD_MAX];
	enum crl_user_exit status = crl_user_begin("why", argv);
	struct stat room;
	size_t n;

	if (status != CRL_USER_DONE)
		return status;
	if (stat(CRL_USER_MARKER, &room) < 0)
		return crl_user_is_nowhere();
	n = put_counted(room.st_mtime);
	n += put_recorded();
	if (n == 0)
		(void)printf("%s\n", crl_user_said("Nothing has stopped processes of yours.", buf));
	else if (crl_contact_read(CRL_CONTACT_FILE, contact)[0])
		(void)printf("%s\n", contact);
	return fflush(stdout) != 0 || n == 0 ? CRL_USER_FAILED : CRL_USER_DONE;
}
