// SPDX-License-Identifier: Apache-2.0
/*
 * On which terminal of the host a login comes: what the application says, or the one that it has made.
 *
 * Runs in: helper (root, host namespaces), while the application waits.
 * Trusts: the application's own descriptors; it is root's, and in the mount namespace that the helper comes from.
 */
#include "helper/parts/outer_tty.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <unistd.h>

#include "apply/mounts/renew.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "base/nskind.h"
#include "helper/job.h"
#include "plan/mounts/mountop.h"

#define TTY_MAJOR 4
#define UNIX98_FIRST 136
#define UNIX98_LAST 143
#define SERIAL_MAJOR 204
#define SHOW_MS 2000
#define INDEX "tty-index:\t" /* fdinfo of a pseudo-terminal's master: proc_pid_fdinfo(5) */

/* The number of the terminal whose master that descriptor is, -1 when it is none of the host's. */
static int master_number(int fds, int infos, const char *fd)
{
	char text[512];
	const char *at;
	ssize_t n = readlinkat(fds, fd, text, sizeof(text) - 1);
	int number;

	if (n <= 0)
		return -1;
	text[n] = '\0';
	if (strcmp(text, "/dev/ptmx") != 0 && strcmp(text, "/dev/pts/ptmx") != 0)
		return -1;
	if (crl_file_read(infos, fd, text, sizeof(text)) <= 0)
		return -1;
	at = strstr(text, INDEX);
	return at && sscanf(at + sizeof(INDEX) - 1, "%d", &number) == 1 ? number : -1;
}

/* sudo with use_pty has opened one on the host before the room is there, and its command will stand on that one. */
static int made_by(pid_t app)
{
	char path[32];
	scoped_fd infos = -EBADF;
	scoped(crl_dir) dir = {0};
	int number = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)app);
	infos = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)app);
	if (infos < 0 || crl_dir_open(AT_FDCWD, path, &dir) < 0)
		return -1;
	for (const char *fd; number < 0 && (fd = crl_dir_next(&dir));)
		number = master_number(crl_dir_fd(&dir), infos, fd);
	return number;
}

void crl_outer_tty(const struct crl_job *job, char *ret, size_t size)
{
	const char *tty = job->login.tty;
	int number;

	ret[0] = '\0';
	/* sshd says "ssh", cron says "cron": only what is a terminal device counts, which applying it proves. */
	if (strncmp(tty, "pts/", 4) != 0 && strncmp(tty, "tty", 3) != 0)
		return;
	number = made_by(job->app_pid);
	if (number >= 0)
		(void)snprintf(ret, size, "/dev/pts/%d", number);
	else
		(void)snprintf(ret, size, "/dev/%.50s", tty);
}

static bool is_terminal(const char *path)
{
	struct stat st;
	unsigned int n;

	if (lstat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	n = major(st.st_rdev);
	return n == TTY_MAJOR || (n >= UNIX98_FIRST && n <= UNIX98_LAST) || n == SERIAL_MAJOR;
}

/* In a child, which comes back from nowhere. */
static _Noreturn void show(const char *source, pid_t init)
{
	char target[80] = "/dev/host-", path[40];
	struct crl_mount_op op = {.kind = CRL_MOUNT_OFFER,
				  .place_tree = CRL_TREE_SYSTEM,
				  .source = source,
				  .target = target,
				  .flags = CRL_OP_DEVICES | CRL_OP_WRITABLE};
	struct crl_renewal w = {.from = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
				.fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)init);
	w.room = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(target, sizeof(target), "/dev/host-%s", source + strlen("/dev/"));
	for (char *c = target + strlen("/dev/"); *c; c++)
		if (*c == '/')
			*c = '-';
	/* One that ended had the same number; two logins on one terminal have one name. */
	if (w.from < 0 || w.fds < 0 || w.room < 0 || setns(w.room, CLONE_NEWNS) < 0)
		_exit(1);
	(void)umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW); /* mostly there is none */
	_exit(crl_renew(&w, &op) < 0);
}

void crl_outer_tty_show(const struct crl_job *job, pid_t init)
{
	char source[64];
	pid_t pid;

	crl_outer_tty(job, source, sizeof(source));
	if (!(job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || !source[0] || !is_terminal(source))
		return;
	pid = fork();
	if (pid == 0)
		show(source, init);
	if (pid > 0 && crl_child_answer(pid, crl_now_ms() + SHOW_MS) < 0)
		crl_log(LOG_WARNING, "id=%s: its terminal has no name in the room", job->id);
}
