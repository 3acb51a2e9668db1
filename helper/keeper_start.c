// SPDX-License-Identifier: Apache-2.0
/*
 * See keeper_start.h.
 *
 * Runs in: helper (root, host namespaces).
 * R1: the socket's place is looked up in the room by no links but root's, and only its user can connect.
 */
#include "helper/keeper_start.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "helper/keeper_wire.h"
#include "helper/process/apart.h"
#include "helper/process/beside.h"
#include "layers/view.h"
#include "wire/wish.h"

#define BACKLOG 4

/* Words of the command line, and what they point to. */
struct start_words {
	const char *argv[24];
	size_t len;
	char uid[16], gid[16], snapshots[24], lowers[24];
	char groups[KEEPER_GROUPS_MAX * 11 + 1];
};

/* The room's /run/carrel, made when it is not there. R1 */
static int open_place(pid_t init)
{
	scoped_fd root = -EBADF, run = -EBADF;
	char path[32];
	int dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)init);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	dir = crl_beneath_find_dir(root, "/run", true, &run);
	if (dir < 0)
		return dir;
	if (mkdirat(run, CRL_WISH_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	dir = openat(run, CRL_WISH_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0 && fchmod(dir, 0755) < 0) { /* the umask is the helper's */
		scope_close_fd(&dir);
		return -errno;
	}
	return dir < 0 ? -errno : dir;
}

static int bind_in(int dir, int sock, uint32_t uid)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" CRL_WISH_SOCKET, dir);
	if (bind(sock, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    fchownat(dir, CRL_WISH_SOCKET, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, CRL_WISH_SOCKET, 0600, 0) < 0 || listen(sock, BACKLOG) < 0)
		return -errno;
	return 0;
}

int crl_keeper_listen(pid_t init, uint32_t uid, int *ret, struct crl_err *err)
{
	scoped_fd dir = open_place(init), sock = -EBADF;
	int rc;

	if (dir < 0)
		return crl_err_set(err, -dir, CRL_STAGE_HOME, "cannot make /run/" CRL_WISH_DIR " in the room");
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	rc = sock < 0 ? -errno : bind_in(dir, sock, uid);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME,
				   "cannot listen at /run/" CRL_WISH_DIR "/" CRL_WISH_SOCKET " in the room");
	*ret = take_fd(&sock);
	return 0;
}

static void say(struct start_words *w, const char *option, const char *value)
{
	w->argv[w->len++] = option;
	if (value)
		w->argv[w->len++] = value;
}

static void word_all(struct start_words *w, const struct crl_keeper_start *s)
{
	size_t at = 0;

	w->groups[0] = '\0';
	for (size_t i = 0; i < s->groups; i++)
		at += (size_t)snprintf(w->groups + at, sizeof(w->groups) - at, "%s%" PRIu32, i ? "," : "", s->group[i]);
	(void)snprintf(w->uid, sizeof(w->uid), "%" PRIu32, s->uid);
	(void)snprintf(w->gid, sizeof(w->gid), "%" PRIu32, s->gid);
	(void)snprintf(w->snapshots, sizeof(w->snapshots), "%" PRIu64, s->snapshots);
	(void)snprintf(w->lowers, sizeof(w->lowers), "%zu", s->lowers);
	w->len = 0;
	say(w, CRL_KEEPER_PROGRAM, NULL);
	say(w, "--room", s->room);
	say(w, "--user", s->user);
	say(w, "--uid", w->uid);
	say(w, "--gid", w->gid);
	say(w, "--groups", w->groups);
	say(w, "--at-end", s->at_end);
	say(w, "--snapshots", w->snapshots);
	say(w, "--lowers", w->lowers);
	if (s->lower_is_home)
		say(w, "--home", NULL);
	if (s->listen < 0)
		say(w, "--deaf", NULL);
	if (s->debug)
		say(w, "--debug", NULL);
	w->argv[w->len] = NULL;
}

static int start(const struct crl_keeper_start *s, int supervisor, int alive)
{
	const int listener = s->listen >= 0 ? s->listen : STDIN_FILENO;
	int fd[KEEPER_FD_LOWER + CRL_LAYERS_MAX - KEEPER_FD_DATA] = {s->data,    s->use, s->init,
								     supervisor, alive,  listener};
	const size_t fixed = KEEPER_FD_LOWER - KEEPER_FD_DATA;
	struct start_words w;
	char path[PATH_MAX];
	int rc = crl_beside(CRL_KEEPER_PROGRAM, path, sizeof(path));

	if (rc < 0)
		return rc;
	memcpy(fd + fixed, s->lower, s->lowers * sizeof(fd[0]));
	word_all(&w, s);
	return crl_start_apart(path, w.argv, fd, fixed + s->lowers);
}

int crl_keeper_start(const struct crl_keeper_start *s, int *ret_alive, struct crl_err *err)
{
	scoped_fd here = -EBADF, there = -EBADF, self = -EBADF;
	int pair[2], rc;

	if (s->groups > KEEPER_GROUPS_MAX || s->lowers > CRL_LAYERS_MAX)
		return crl_err_set(err, E2BIG, CRL_STAGE_HOME, "too many groups or layers for a keeper of the home");
	if (flock(s->use, LOCK_SH | LOCK_NB) < 0)
		return crl_err_set(err, errno == EWOULDBLOCK ? EBUSY : errno, CRL_STAGE_HOME,
				   "cannot share the home's lock");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot make a pipe for the home's keeper");
	here = pair[0];
	there = pair[1];
	self = pidfd_open(getpid(), 0);
	rc = self < 0 ? -errno : start(s, self, there);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot start " CRL_KEEPER_PROGRAM "%s",
				   rc == -EPERM ? ", it is not root's alone" : "");
	*ret_alive = take_fd(&here);
	return 0;
}
