// SPDX-License-Identifier: Apache-2.0
/*
 * A tar stream that becomes a layer; see unpack.h.
 *
 * R1: tar(1) gets a fixed path, fixed arguments, an empty environment, the stream and the directory, and no name that
 * anybody has chosen. R2: a marker makes nothing but a whiteout or an opaque directory beside itself.
 */
#include "ctl/home/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dir.h"
#include "ctl/home/archive.h"
#include "layers/near.h"

#define WORDS_MAX 200 /* of what tar(1) said last */

/* ---- tar(1) ---- */

/* R1 */
static _Noreturn void be_tar(int from, int to, int words)
{
	static char program[] = "/usr/bin/tar", extract[] = "-x", file[] = "-f-", owner[] = "--no-same-owner",
		    modes[] = "--same-permissions", dirs[] = "--delay-directory-restore", attributes[] = "--xattrs",
		    user[] = "--xattrs-include=user.*", acls[] = "--xattrs-include=system.posix_acl_*",
		    quiet[] = "--warning=no-timestamp", path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C";
	char *const argv[] = {program, extract, file, owner, modes, dirs, attributes, user, acls, quiet, NULL};
	char *const environment[] = {path, locale, NULL};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)umask(0);
	if (fchdir(to) == 0 && dup2(from, STDIN_FILENO) == STDIN_FILENO && dup2(words, STDERR_FILENO) == STDERR_FILENO)
		(void)execve(program, argv, environment);
	_exit(127);
}

/* The end of what it says; a line each. */
static void keep_words(char *words, const char *text, size_t n)
{
	size_t len = strlen(words), more;

	for (size_t i = 0; i < n; i++) {
		if (len == WORDS_MAX) {
			more = WORDS_MAX / 2;
			memmove(words, words + more, len - more);
			len -= more;
		}
		words[len++] = text[i] == '\n' ? ' ' : text[i];
	}
	words[len] = '\0';
}

static int run_tar(const struct ctl_unpack *u, struct crl_err *err)
{
	char words[WORDS_MAX + 1] = "", text[512];
	int end[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(end, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_tar(u->from, u->to, end[1]);
	(void)close(end[1]);
	while (pid > 0 && ((n = read(end[0], text, sizeof(text))) > 0 || (n < 0 && errno == EINTR))) {
		if (u->stop && u->stop(NULL))
			(void)kill(pid, SIGTERM);
		keep_words(words, text, n > 0 ? (size_t)n : 0);
	}
	(void)close(end[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (u->stop && u->stop(NULL))
		return -EINTR;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "/usr/bin/tar cannot be run");
	return crl_err_set(err, EBADMSG, CRL_STAGE_HOME, "the archive cannot be unpacked: %s", words);
}

/* ---- what it has unpacked ---- */

/* A directory on the way down, as it shall be again when all in it is done. */
struct unpack_level {
	struct crl_dir dir;
	struct stat st;
};

struct unpacked {
	const struct ctl_unpack *u;
	struct unpack_level *level;
	size_t depth, room;
	uint64_t names;
};

static void unpacked_done(struct unpacked *w)
{
	while (w->depth > 0)
		crl_dir_done(&w->level[--w->depth].dir);
	free(w->level);
}

/* Its owner may have shut himself out. @name  "." at the top */
static int go_down(struct unpacked *w, int at, const char *name, const struct stat *st)
{
	struct unpack_level *grown = w->level;
	int rc;

	if (w->depth == w->room) {
		grown = reallocarray(w->level, w->room + 64, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		w->level = grown;
		w->room += 64;
	}
	w->level[w->depth] = (struct unpack_level){.st = *st};
	if ((st->st_mode & 0700) != 0700 && fchmodat(at, name, 0700, 0) < 0)
		return -errno;
	rc = crl_dir_open(at, name, &w->level[w->depth].dir);
	if (rc == 0)
		w->depth++;
	return rc;
}

static int come_up(struct unpacked *w)
{
	struct unpack_level *l = &w->level[--w->depth];
	const struct timespec times[2] = {l->st.st_atim, l->st.st_mtim};
	const int fd = crl_dir_fd(&l->dir);
	int rc = l->dir.error;

	if (rc == 0 && w->depth > 0 && (fchmod(fd, l->st.st_mode & 01777) < 0 || futimens(fd, times) < 0))
		rc = -errno;
	crl_dir_done(&l->dir);
	return rc;
}

static int set_opaque(const struct unpacked *w, int at, const char *name)
{
	scoped_fd dir = -EBADF;
	int rc = 0;

	if (name)
		rc = crl_near_open(at, name, O_RDONLY | O_DIRECTORY, 0, &dir);
	return rc < 0 ? rc : crl_marks_set_opaque(w->u->marks, name ? dir : at, true);
}

/* R2 */
static int take_marker(const struct unpacked *w, int at, const char *marker)
{
	const char *name = marker + strlen(CTL_WHITEOUT);
	struct stat st;
	int rc;

	if (unlinkat(at, marker, 0) < 0)
		return -errno;
	if (strcmp(marker, CTL_WHITEOUT_OPAQUE) == 0)
		return w->depth == 1 ? -EOPNOTSUPP
				     : set_opaque(w, at, NULL); /* an overlay always shows its lower's top */
	if (!crl_near_is_name(name))
		return -EBADMSG;
	rc = crl_near_stat(at, name, &st);
	if (rc == -ENOENT)
		return mknodat(at, name, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
	/* The same stream has it anew: what was there before is gone with a directory's contents alone. */
	return rc == 0 && S_ISDIR(st.st_mode) ? set_opaque(w, at, name) : rc;
}

static int look_at(struct unpacked *w, const char *name)
{
	const int at = crl_dir_fd(&w->level[w->depth - 1].dir);
	struct stat st;
	int rc;

	if (strncmp(name, CTL_WHITEOUT, strlen(CTL_WHITEOUT)) == 0)
		return take_marker(w, at, name);
	rc = crl_near_stat(at, name, &st);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (S_ISDIR(st.st_mode))
		return go_down(w, at, name, &st);
	if (S_ISREG(st.st_mode) && st.st_mode & (S_ISUID | S_ISGID) && fchmodat(at, name, st.st_mode & 01777, 0) < 0)
		return -errno;
	return 0;
}

static int look_at_all(struct unpacked *w)
{
	struct stat st;
	int rc = fstat(w->u->to, &st) < 0 ? -errno : go_down(w, w->u->to, ".", &st);

	while (rc == 0 && w->depth > 0) {
		const char *name = crl_dir_next(&w->level[w->depth - 1].dir);

		if (w->u->stop && w->u->stop(NULL))
			return -EINTR;
		rc = name ? look_at(w, name) : come_up(w);
		if (name && w->u->told)
			w->u->told(w->u->arg, ++w->names);
	}
	return rc;
}

int ctl_unpack(const struct ctl_unpack *u, struct crl_err *err)
{
	scoped(unpacked) w = {.u = u};
	int rc = run_tar(u, err);

	if (rc == 0)
		rc = look_at_all(&w);
	if (rc == 0 && syncfs(u->to) < 0)
		rc = -errno;
	return rc < 0 && rc != -EINTR && err->code == 0
		       ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot make a layer of the archive: %s",
				     strerrordesc_np(-rc))
		       : rc;
}
