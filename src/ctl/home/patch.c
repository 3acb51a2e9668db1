// SPDX-License-Identifier: Apache-2.0
/*
 * A unified diff of one change; see patch.h.
 *
 * Trusts: nothing in the files. R1: diff(1) is given descriptors of regular files and no name, a fixed path, an empty
 * environment, and limits: what a user put into a file cannot make it take the host's memory or time.
 */
#include "ctl/home/patch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "base/compat.h"
#include "ctl/home/worker.h"
#include "layers/diff.h"

#define DIFF_PATH "/usr/bin/diff"
#define TEXT_MAX (16 << 20) /* bytes of a file that is compared line by line */
#define BINARY_HEAD 32768 /* a NUL in so many bytes: no text, as git sees it */
#define MEMORY_MAX (512u << 20)
#define CPU_MAX_S 60
#define OLD_FD 3
#define NEW_FD 4
#define OLD_PATH "/proc/self/fd/3"
#define NEW_PATH "/proc/self/fd/4"
#define NOTHING "/dev/null"
#define HEADERS 2 /* lines of diff(1) that have names: they are written here */

/* Both sides of a change. */
struct sides {
	int old; /* -EBADF: there is none */
	int new;
	const char *old_name; /* quoted where it has to be */
	const char *new_name;
};

/* "a/" and the path, in quotes with octal escapes when it is not plain. To be freed; NULL: no memory. */
static char *name_of(const char *side, const char *path)
{
	char *ret = malloc(4 * strlen(path) + strlen(side) + 4), *to = ret;
	bool plain = true;

	if (!ret)
		return NULL;
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		plain &= *p > ' ' && *p < 0x7f && *p != '"' && *p != '\\';
	if (plain) {
		(void)sprintf(ret, "%s%s", side, path);
		return ret;
	}
	to += sprintf(to, "\"%s", side);
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p == '"' || *p == '\\')
			to += sprintf(to, "\\%c", *p);
		else if (*p < ' ' || *p >= 0x7f)
			to += sprintf(to, "\\%03o", *p);
		else
			*to++ = (char)*p;
	(void)strcpy(to, "\"");
	return ret;
}

static int say(struct ctl_worker *w, uint32_t record, const char *a, const char *b, const char *d)
{
	scoped_free char *text = NULL;
	int n = asprintf(&text, "%s%s%s\n", a, b, d);

	return n < 0 ? -ENOMEM : ctl_worker_send(w, record, &(struct iovec){text, (size_t)n}, 1);
}

/* A regular file of one side; -EBADF: there is nothing; another -errno. */
static int open_side(const struct crl_view_dir *dir, const struct crl_view_entry *e, const char *name)
{
	const struct open_how how = {.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
	struct stat st;
	int fd;

	if (!dir || !e || e->kind != CRL_VIEW_FILE || !S_ISREG(e->st.st_mode))
		return -EBADF;
	fd = (int)syscall(SYS_openat2, dir->part[e->part].fd, name, &how, sizeof(how));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return -ESTALE;
	}
	return fd;
}

/* Returns 1, 0 or -errno. */
static int is_text(int fd)
{
	scoped_free char *head = malloc(BINARY_HEAD);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return 1;
	if (!head || fstat(fd, &st) < 0)
		return head ? -errno : -ENOMEM;
	n = st.st_size <= TEXT_MAX ? pread(fd, head, BINARY_HEAD, 0) : 0;
	if (n < 0)
		return -errno;
	return st.st_size <= TEXT_MAX && !memchr(head, '\0', (size_t)n);
}

/* R1. The descriptors have been moved out of the way of the numbers that they get. */
static _Noreturn void be_diff(int old, int new, int out)
{
	static char program[] = DIFF_PATH, unified[] = "-u", text[] = "--text", dashes[] = "--", label[] = "--label=x",
		    old_path[] = OLD_PATH, new_path[] = NEW_PATH, nothing[] = NOTHING, locale[] = "LC_ALL=C";
	char *const argv[] = {program,
			      unified,
			      text,
			      label,
			      label,
			      dashes,
			      old < 0 ? nothing : old_path,
			      new < 0 ? nothing : new_path,
			      NULL};
	char *const environment[] = {locale, NULL};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
	(void)setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_MAX_S, CPU_MAX_S});
	(void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64});
	if ((old < 0 || dup2(old, OLD_FD) == OLD_FD) && (new < 0 || dup2(new, NEW_FD) == NEW_FD) &&
	    dup2(out, STDOUT_FILENO) == STDOUT_FILENO)
		(void)execve(program, argv, environment);
	_exit(127);
}

static int away(int fd)
{
	return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, NEW_FD + 1);
}

/* Its lines without the two that have names. Returns how many there were, or -errno. */
static int copy_hunks(struct ctl_worker *w, uint32_t record, int from, const struct sides *s)
{
	FILE *in = fdopen(from, "re");
	char *line = NULL;
	size_t size = 0, n = 0;
	ssize_t len;
	int rc = 0;

	if (!in) {
		(void)close(from);
		return -ENOMEM;
	}
	while (rc == 0 && (len = getline(&line, &size, in)) > 0) {
		if (n++ == HEADERS) {
			rc = say(w, record, "--- ", s->old < 0 ? NOTHING : s->old_name, "");
			rc = rc < 0 ? rc : say(w, record, "+++ ", s->new < 0 ? NOTHING : s->new_name, "");
		}
		if (rc == 0 && n > HEADERS)
			rc = ctl_worker_send(w, record, &(struct iovec){line, (size_t)len}, 1);
	}
	free(line);
	(void)fclose(in);
	return rc < 0 ? rc : n > 0;
}

/* Returns 1; 0 there is no line to show; -errno. */
static int run_diff(struct ctl_worker *w, uint32_t record, const struct sides *s)
{
	scoped_fd old = away(s->old), new = away(s->new);
	int end[2], status = 0, rc;
	pid_t pid;

	if (pipe2(end, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		int out = away(end[1]);

		be_diff(old, new, out);
	}
	(void)close(end[1]);
	if (pid < 0) {
		(void)close(end[0]);
		return -EAGAIN;
	}
	rc = copy_hunks(w, record, end[0], s);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc >= 0 && (!WIFEXITED(status) || WEXITSTATUS(status) > 1))
		rc = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -EIO;
	return rc;
}

static int send_other(struct ctl_worker *w, uint32_t record, const struct crl_diff_change *change, const char *name)
{
	static const char *const what[CRL_DIFF_KIND_COUNT] = {
		[CRL_DIFF_ADDED] = "added: ",     [CRL_DIFF_CHANGED] = "changed: ",
		[CRL_DIFF_DELETED] = "deleted: ", [CRL_DIFF_TYPE] = "replaced by another type: ",
		[CRL_DIFF_RENAMED] = "renamed: ", [CRL_DIFF_UNREADABLE] = "cannot be read: ",
	};

	return say(w, record, "# ", what[change->kind], name);
}

/* Returns 1; 0 there is no line to show; -errno. */
static int send_sides(struct ctl_worker *w, uint32_t record, const struct sides *s)
{
	scoped_free char *text = NULL;
	int rc = is_text(s->old);

	if (rc > 0)
		rc = is_text(s->new);
	if (rc > 0)
		return run_diff(w, record, s);
	if (rc < 0)
		return rc;
	if (asprintf(&text, "%s and %s", s->old < 0 ? NOTHING : s->old_name, s->new < 0 ? NOTHING : s->new_name) < 0)
		return -ENOMEM;
	rc = say(w, record, "Binary files ", text, " differ");
	return rc < 0 ? rc : 1;
}

int ctl_patch_send(struct ctl_worker *w, uint32_t record, const struct crl_diff_change *change)
{
	scoped_free char *old_name = name_of("a/", change->path), *new_name = name_of("b/", change->path);
	scoped_fd old = -EBADF, new = -EBADF;
	struct sides s = {.old_name = old_name, .new_name = new_name};
	const char *last = strrchr(change->path, '/');
	int rc;

	if (!old_name || !new_name)
		return -ENOMEM;
	last = last ? last + 1 : change->path;
	s.new = new = open_side(change->dir, change->now, last);
	s.old = old = open_side(change->dir_before ? change->dir_before : change->dir, change->before, last);
	if ((s.old < 0 && s.old != -EBADF) || (s.new < 0 && s.new != -EBADF))
		return say(w, record, "# cannot be read: ", new_name, "");
	if ((s.old < 0 && s.new < 0) || !(change->kind != CRL_DIFF_CHANGED || change->what & CRL_DIFF_CONTENT))
		return send_other(w, record, change, new_name);
	rc = send_sides(w, record, &s);
	return rc == 0 ? send_other(w, record, change, new_name) : rc < 0 ? rc : 0;
}
