// SPDX-License-Identifier: Apache-2.0
/*
 * crontab(1) with a file, and its editor: both are the room's, and only the table itself goes in and out.
 *
 * Runs in: carrel-errand.
 */
#include "helper/errand/client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "helper/errand/said.h"

static int install(const struct errand_wish *w, int from)
{
	char dash[] = "-", *args[] = {dash};
	struct errand_wish outside = *w;

	outside.args = args;
	outside.len = 1;
	outside.fd[0] = from;
	return errand_do(&outside);
}

/* The table as it is; none is as good as an empty one. */
static int list(const struct errand_wish *w, int to)
{
	char l[] = "-l", *args[] = {l};
	struct errand_wish outside = *w;

	outside.args = args;
	outside.len = 1;
	outside.fd[1] = to;
	return errand_do(&outside);
}

static const char *editor(void)
{
	const char *name = getenv("VISUAL");

	if (!name || !name[0])
		name = getenv("EDITOR");
	return name && name[0] ? name : access("/usr/bin/editor", X_OK) == 0 ? "editor" : "vi";
}

/* As its users know it: the variable may hold words for the shell. */
static int edit(const struct errand_wish *w, const char *path)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return errand_complain(w->call, "cannot start the editor: %s", errand_error(errno));
	if (pid == 0) {
		(void)setenv("CARREL_EDITOR", editor(), 1);
		(void)execl("/bin/sh", "sh", "-c", "eval \"$CARREL_EDITOR\" '\"$1\"'", "sh", path, (char *)NULL);
		_exit(127);
	}
	(void)sigaction(SIGINT, &ignored, NULL); /* the editor's to hear */
	(void)sigaction(SIGQUIT, &ignored, NULL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return errand_complain(w->call, "the editor failed; nothing is changed");
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int change(const struct errand_wish *w, const char *path, int fd)
{
	struct stat before = {0}, after = {0};
	scoped_fd now = -EBADF;
	int rc;

	(void)list(w, fd); /* it says so itself when there is none */
	if (fstat(fd, &before) < 0)
		return errand_complain(w->call, "%s: %s", path, errand_error(errno));
	rc = edit(w, path);
	if (rc != 0)
		return rc;
	now = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW); /* many editors make a new file */
	if (now < 0 || fstat(now, &after) < 0)
		return errand_complain(w->call, "%s: %s", path, errand_error(errno));
	if (is_same(&before, &after)) {
		(void)errand_complain(w->call, "no changes made");
		return 0;
	}
	return install(w, now);
}

/* A directory of one's own, so that nobody can put another file in its place. */
static int edit_table(const struct errand_wish *w)
{
	char dir[] = "/tmp/crontab.XXXXXX", path[sizeof(dir) + sizeof("/crontab")];
	scoped_fd fd = -EBADF;
	int rc;

	if (!mkdtemp(dir))
		return errand_complain(w->call, "%s: %s", dir, errand_error(errno));
	(void)snprintf(path, sizeof(path), "%s/crontab", dir);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = fd < 0 ? errand_complain(w->call, "%s: %s", path, errand_error(errno)) : change(w, path, fd);
	if (rc == 0 || fd < 0) {
		(void)unlink(path);
		(void)rmdir(dir);
	} else {
		(void)errand_complain(w->call, "what was edited is in %s", path);
	}
	return rc;
}

int errand_crontab(const struct errand_wish *w)
{
	scoped_fd file = -EBADF;

	if (w->len == 1 && strcmp(w->args[0], "-e") == 0)
		return edit_table(w);
	if (w->len != 1 || w->args[0][0] == '-')
		return errand_do(w);
	file = open(w->args[0], O_RDONLY | O_CLOEXEC);
	return file < 0 ? errand_complain(w->call, "%s: %s", w->args[0], errand_error(errno)) : install(w, file);
}
