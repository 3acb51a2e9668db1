// SPDX-License-Identifier: Apache-2.0
/*
 * A home that is kept, of a room that its user makes: an overlay whose upper is in a directory of the user's own.
 *
 *   KEPT/up, KEPT/work   of the overlay
 *   KEPT/lock            held alone while a room is made
 *   KEPT/use             held shared while a room lives; a line for each: who holds its namespaces, and by what
 *
 *  R1  One upper has one overlay at a time: a second room shows the mount of the first, which it fetches out of that
 *      one's namespaces, as their owner may.
 *  R2  The directory is the one that root has published and made, found by no link but root's, and the user's alone.
 *      What is in it is the user's, and steers nobody else: all is done with their rights.
 *
 * Runs in: carrel-shell, outside. Source: user_namespaces(7), setns(2), open_tree(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "shell/alone/room.h"
#include "state/published.h"
#include "store/store.h"

#define PATIENCE_MS 10000 /* for a room that is being made */
#define USE_MAX 16384 /* bytes of KEPT/use that are read */
#define FD_NONE 255 /* exit status of who has fetched nothing */

/* A line of KEPT/use. */
struct holder {
	int pid;
	int fd[2]; /* of that process: user and mount namespace */
	uint64_t ino[2]; /* theirs, by which they are known again */
};

/* R2 */
static int open_data(const struct crl_published *p, int *ret_fd, struct crl_err *err)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	struct stat st;
	int rc = root < 0 ? -errno : crl_beneath_find_dir(root, p->kept, true, &fd);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "%s: %s", p->kept, strerrordesc_np(-rc) ?: "cannot open");
	if (fstat(fd, &st) < 0 || st.st_uid != getuid() || st.st_mode & (S_IRWXG | S_IRWXO))
		return crl_err_set(err, EPERM, CRL_STAGE_HOME, "%s: expected a directory of uid %" PRIu32 ", mode 0700",
				   p->kept, p->uid);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_lock(int data, const char *name, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = openat(data, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot open the lock of what is kept of the home");
	if (!S_ISREG(st.st_mode))
		return crl_err_set(err, EPERM, CRL_STAGE_HOME, "the lock of what is kept of the home is no file");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* One of the other process's descriptors, if that is the namespace that was written down. */
static int open_namespace(const struct holder *h, int which, int *ret_fd)
{
	char path[64];
	scoped_fd fd = -EBADF;
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", h->pid, h->fd[which]);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != h->ino[which])
		return -ESTALE;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* In a process that shares its descriptors with us: the number is the answer. */
static _Noreturn void fetch(const int ns[2], const char *home)
{
	struct statfs fs;
	int fd;

	if (setns(ns[0], CLONE_NEWUSER) < 0 || setns(ns[1], CLONE_NEWNS) < 0)
		_exit(FD_NONE);
	fd = open_tree(AT_FDCWD, home, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd >= 0 && fd < FD_NONE && fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		_exit(fd);
	if (fd >= 0)
		(void)close(fd); /* it was of no use */
	_exit(FD_NONE);
}

/* R1. Returns the mount, or -errno. */
static int fetch_from(const struct holder *h, const char *home)
{
	struct clone_args ca = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	scoped_fd user = -EBADF, mnt = -EBADF;
	int status = 0, rc = open_namespace(h, 0, &user);
	pid_t pid;

	if (rc == 0)
		rc = open_namespace(h, 1, &mnt);
	if (rc < 0)
		return rc;
	pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0)
		fetch((const int[]){user, mnt}, home);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != FD_NONE ? WEXITSTATUS(status) : -ENOENT;
}

/* R1. The youngest is asked first: it lives longest, perhaps. */
static int join(struct alone_room *room, struct crl_err *err)
{
	char text[USE_MAX];
	off_t end = lseek(room->kept.use, 0, SEEK_END);
	ssize_t n = pread(room->kept.use, text, sizeof(text) - 1, end > USE_MAX - 1 ? end - (USE_MAX - 1) : 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *line; text[0];) {
		struct holder h;

		line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		if (sscanf(line, "%d %d %" SCNu64 " %d %" SCNu64, &h.pid, &h.fd[0], &h.ino[0], &h.fd[1], &h.ino[1]) ==
		    5)
			room->kept.mount = fetch_from(&h, room->published->home);
		if (room->kept.mount >= 0)
			return 0;
		line[line > text ? -1 : 0] = '\0';
	}
	return crl_err_set(
		err, EBUSY, CRL_STAGE_HOME,
		"another room of yours shows the home that is kept, and it cannot be had from there; end it");
}

/* R1. Whoever gets "use" alone is the only one: nobody else tries for it without "lock". */
static int take(struct alone_room *room, struct crl_err *err)
{
	struct alone_kept *k = &room->kept;
	int rc = crl_flock_within(k->lock, LOCK_EX, PATIENCE_MS);

	if (rc < 0)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME,
				   "another room of yours with the home that is kept is being made");
	if (flock(k->use, LOCK_EX | LOCK_NB) == 0)
		return ftruncate(k->use, 0) == 0 && flock(k->use, LOCK_SH) == 0
			       ? 0
			       : crl_err_set(err, errno, CRL_STAGE_HOME, "cannot take what is kept of the home");
	if (errno != EWOULDBLOCK || crl_flock_within(k->use, LOCK_SH, PATIENCE_MS) < 0)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME, "what is kept of the home is locked by somebody else");
	return join(room, err);
}

/* The room shows it as the home alone. */
static int hide(struct crl_policy *p, const char *path, struct crl_err *err)
{
	scoped_free char *dir = strndup(path, (size_t)(strrchr(path, '/') - path));

	return dir && crl_strv_add(&p->hide, dir) == 0 ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_HOME, "out of memory");
}

int alone_kept_open(struct alone_room *room, struct crl_err *err)
{
	struct crl_published *p = room->published;
	struct alone_kept *k = &room->kept;
	int rc = 0;

	if (!crl_policy_keeps_home(&p->policy))
		return 0;
	rc = open_data(p, &k->data, err);
	if (rc == 0)
		rc = open_lock(k->data, "lock", &k->lock, err);
	if (rc == 0)
		rc = open_lock(k->data, "use", &k->use, err);
	if (rc == 0)
		rc = take(room, err);
	if (rc == 0)
		rc = hide(&p->policy, p->kept, err);
	if (rc < 0)
		return rc;
	room->host.home = (struct crl_host_home){
		.data = k->data + 1, .shared = k->mount >= 0 ? k->mount + 1 : 0, .place = p->kept};
	return 0;
}

int alone_kept_hold(struct alone_room *room, struct crl_err *err)
{
	char path[48];

	if (room->kept.use < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)room->init);
	room->kept.ns_user = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)room->init);
	room->kept.ns_mnt = open(path, O_RDONLY | O_CLOEXEC);
	return room->kept.ns_user >= 0 && room->kept.ns_mnt >= 0
		       ? 0
		       : crl_err_set(err, errno, CRL_STAGE_HOME, "cannot hold the room's namespaces for the next one");
}

void alone_kept_stands(struct alone_room *room)
{
	struct alone_kept *k = &room->kept;
	struct stat user, mnt;

	if (k->use < 0)
		return;
	/* Who cannot write it is not found: the next one then is refused, and told why. */
	if (fstat(k->ns_user, &user) == 0 && fstat(k->ns_mnt, &mnt) == 0)
		(void)dprintf(k->use, "%d %d %" PRIu64 " %d %" PRIu64 "\n", (int)getpid(), k->ns_user,
			      (uint64_t)user.st_ino, k->ns_mnt, (uint64_t)mnt.st_ino);
	(void)flock(k->lock, LOCK_UN); /* else whoever comes waits */
	drop_fd(&k->lock);
	drop_fd(&k->data);
	drop_fd(&k->mount);
}
