// SPDX-License-Identifier: Apache-2.0
/* See terminals.h. */
#include "ctl/act/terminals.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/plain.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/look/room_init.h"
#include "ctl/print/speech.h"
#include "policy/file/load.h"
#include "state/rooms/rooms.h"
#include "state/trial/trial.h"

#define PENDING_MAX 256
#define PENDING_WAIT_MS 2000
#define PTS_MAJOR 136 /* and the seven behind it */

struct pending {
	int fd;
	size_t at; /* bytes that it has taken */
	struct ctl_told *told;
};

struct ctl_speech {
	char text[CTL_SPEECH_MAX * 4 + 512];
	size_t len;
	struct pending pending[PENDING_MAX];
	size_t pendings;
};

enum crl_language ctl_speech_language(const struct ctl *c)
{
	struct crl_config *config = NULL;
	struct crl_in_force in_force;
	enum crl_language language = CRL_LANGUAGE_EN;

	if (crl_trial_load(c->config, &config, &in_force, NULL) == 0)
		language = crl_config_language(config);
	crl_config_free(config);
	return language;
}

struct ctl_speech *ctl_speech_new(const char *text, enum crl_language language)
{
	struct ctl_speech *s = calloc(1, sizeof(*s));
	char by[128], host[256] = "", from[400], head[512], when[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!s || !localtime_r(&now, &tm)) {
		free(s);
		return NULL;
	}
	ctl_who_acts(by, sizeof(by));
	(void)gethostname(host, sizeof(host) - 1);
	(void)strftime(when, sizeof(when), language == CRL_LANGUAGE_EN ? "%a %H:%M" : "%Y-%m-%d %H:%M", &tm);
	(void)snprintf(from, sizeof(from), "%s@%s", by, host);
	(void)crl_say(head, sizeof(head), &(struct crl_saying){language, CRL_PHRASE_MESSAGE}, from, when);
	(void)ctl_speech_visible(s->text, sizeof(s->text), "\n");
	(void)ctl_speech_visible(s->text, sizeof(s->text), head);
	(void)ctl_speech_visible(s->text, sizeof(s->text), "\n\n");
	(void)ctl_speech_visible(s->text, sizeof(s->text), text);
	s->len = ctl_speech_visible(s->text, sizeof(s->text), "\n");
	s->text[s->len++] = '\a'; /* there is room for more than the longest text */
	return s;
}

/* ---- terminals ---- */

static int open_plain(int dir, const char *name, uint64_t flags)
{
	int fd = -EBADF, rc = crl_plain_open(dir, name, flags, 0, &fd);

	errno = rc < 0 ? -rc : errno;
	return rc < 0 ? -1 : fd;
}

/* R1: the devpts that the room sees; a descriptor or -errno. */
static int open_devpts(const struct crl_room_info *room)
{
	scoped_fd init = ctl_open_init(room), root = -EBADF, dir = -EBADF;
	struct statfs fs;
	char path[40];

	if (init < 0)
		return init;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)room->init);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Still the one of the pidfd: then the path has led to it, too. */
	if (root < 0 || syscall(SYS_pidfd_send_signal, init, 0, NULL, 0) < 0)
		return -ESRCH;
	dir = open_plain(root, "dev/pts", O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return -errno;
	return fstatfs(dir, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC ? take_fd(&dir) : -ENODEV;
}

/* A room without a mount namespace has the host's terminals: its user's are meant. */
static bool is_the_hosts(int dir)
{
	struct stat here, host;

	return fstat(dir, &here) < 0 || (stat("/dev/pts", &host) == 0 && host.st_dev == here.st_dev);
}

/* R1 to R3. A descriptor, or negative: none that is meant. */
static int open_terminal(int dir, const char *name, const struct crl_room_info *room, bool of_host)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	if (name[strspn(name, "0123456789")] != '\0') /* "." and "ptmx" */
		return -EINVAL;
	if (of_host && (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != room->uid))
		return -EPERM;
	fd = open_plain(dir, name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) < PTS_MAJOR ||
	    major(st.st_rdev) > PTS_MAJOR + 7)
		return -ENODEV; /* or it has been closed meanwhile */
	if (of_host && st.st_uid != room->uid) /* or is somebody else's by now: numbers are used again */
		return -EPERM;
	return take_fd(&fd);
}

/* Returns false: it does not take any now. */
static bool say(const struct ctl_speech *s, struct pending *p)
{
	while (p->at < s->len) {
		ssize_t n = write(p->fd, s->text + p->at, s->len - p->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p->at += (size_t)n;
	}
	p->told->told++;
	return true;
}

static void tell_one(struct ctl_speech *s, int fd, struct ctl_told *told)
{
	struct pending p = {.fd = fd, .told = told};

	if (say(s, &p)) {
		(void)close(fd);
		return;
	}
	if (errno == EAGAIN && s->pendings < PENDING_MAX) {
		s->pending[s->pendings++] = p;
		return;
	}
	(void)close(fd);
	told->failed++;
}

void ctl_speech_tell(struct ctl_speech *s, const struct crl_room_info *room, struct ctl_told *ret)
{
	scoped_fd devpts = room->stale ? -ESRCH : open_devpts(room);
	bool of_host = devpts >= 0 && is_the_hosts(devpts);
	scoped(crl_dir) dir = {0};

	if (devpts < 0 || crl_dir_open(devpts, ".", &dir) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&dir));) {
		int terminal = open_terminal(devpts, name, room, of_host);

		if (terminal >= 0)
			tell_one(s, terminal, ret);
	}
}

/* R2 */
void ctl_speech_end(struct ctl_speech *s)
{
	size_t left = s->pendings;

	for (int64_t end = crl_now_ms() + PENDING_WAIT_MS; left > 0 && crl_now_ms() < end; crl_pause_ms(20)) {
		for (size_t i = 0; i < s->pendings; i++) {
			if (s->pending[i].fd < 0 || !say(s, &s->pending[i]))
				continue;
			drop_fd(&s->pending[i].fd);
			left--;
		}
	}
	for (size_t i = 0; i < s->pendings; i++) {
		s->pending[i].told->failed += s->pending[i].fd >= 0;
		drop_fd(&s->pending[i].fd);
	}
	free(s);
}
