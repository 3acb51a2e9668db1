// SPDX-License-Identifier: Apache-2.0
/*
 * A process of the user's own; see worker.h.
 *
 * R1: it is the user before it looks at anything of theirs: ids and groups, no capability, no_new_privs, no descriptor
 * but those named, no terminal, not to be traced by other processes of the user's. R2: what it says is taken by kind
 * and length, and nothing that it does can keep carrelctl waiting beyond the operator's second Ctrl-C. R3: to one that
 * is sealed all file systems of the host are read-only, in a mount namespace of its own.
 */
#include "ctl/home/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
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

#include "apply/sandbox.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/file.h"
#include "ctl/command.h"
#include "door/become.h"
#include "wire/login.h"

#define SAY_EVERY_MS 200
#define SHOW_AFTER_MS 1000
#define FIRST_FD 3 /* behind the standard three */

enum { RECORD_END, RECORD_PROGRESS, RECORD_FIRST = 16 }; /* others are run()'s and take()'s own */

struct record_head {
	uint32_t kind;
	uint32_t len;
};

struct progress {
	uint64_t done;
	uint64_t total;
};

struct ctl_worker {
	FILE *out;
	int64_t said_ms;
};

static volatile sig_atomic_t stops; /* in both processes: how often it was told to */

static void on_stop(int sig)
{
	(void)sig;
	stops++;
}

static void catch_stops(struct sigaction *saved)
{
	const int sig[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction act = {.sa_handler = on_stop};

	for (size_t i = 0; i < CRL_ARRAY_LEN(sig); i++)
		(void)sigaction(sig[i], &act, saved ? &saved[i] : NULL);
}

static void release_stops(const struct sigaction *saved)
{
	(void)sigaction(SIGINT, &saved[0], NULL);
	(void)sigaction(SIGTERM, &saved[1], NULL);
	(void)sigaction(SIGHUP, &saved[2], NULL);
}

/* ---- in the worker ---- */

bool ctl_worker_stop(void *arg)
{
	(void)arg;
	return stops > 0;
}

static int send_record(struct ctl_worker *w, uint32_t kind, const struct iovec *piece, size_t pieces)
{
	struct record_head h = {.kind = kind};
	size_t len = 0;

	for (size_t i = 0; i < pieces; i++)
		len += piece[i].iov_len;
	if (len > CTL_WORKER_RECORD_MAX)
		return -EMSGSIZE;
	h.len = (uint32_t)len;
	if (fwrite(&h, sizeof(h), 1, w->out) != 1)
		return -EPIPE;
	for (size_t i = 0; i < pieces; i++)
		if (piece[i].iov_len > 0 && fwrite(piece[i].iov_base, piece[i].iov_len, 1, w->out) != 1)
			return -EPIPE;
	return 0;
}

int ctl_worker_send(struct ctl_worker *w, uint32_t kind, const struct iovec *piece, size_t pieces)
{
	return send_record(w, RECORD_FIRST + kind, piece, pieces);
}

void ctl_worker_progress(struct ctl_worker *w, uint64_t done, uint64_t total)
{
	struct progress p = {done, total};
	int64_t now = crl_now_ms();

	if (now - w->said_ms < SAY_EVERY_MS)
		return;
	w->said_ms = now;
	if (send_record(w, RECORD_PROGRESS, &(struct iovec){&p, sizeof(p)}, 1) == 0)
		(void)fflush(w->out);
}

static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Close all but the standard three, the way out and those that are kept. */
static int close_others(const struct ctl_task *work, int out)
{
	int fd[CTL_WORKER_FDS_MAX + 1], n = 0;
	unsigned int from = FIRST_FD;

	fd[n++] = out;
	for (size_t i = 0; i < work->fds; i++)
		if (work->fd[i] >= FIRST_FD)
			fd[n++] = work->fd[i];
	qsort(fd, (size_t)n, sizeof(fd[0]), by_number);
	for (int i = 0; i < n; i++) {
		if ((unsigned int)fd[i] > from && close_range(from, (unsigned int)fd[i] - 1, 0) < 0)
			return -errno;
		from = (unsigned int)fd[i] + 1;
	}
	return close_range(from, ~0u, 0) < 0 ? -errno : 0;
}

/* A tree of thousands of levels is gone through with a descriptor for each. */
static int raise_limits(void)
{
	struct rlimit none = {0, 0}, all;
	uint64_t open;
	int rc = crl_file_read_number(AT_FDCWD, "/proc/sys/fs/nr_open", &open);

	if (rc < 0)
		return rc;
	/* In a container root may have no more than it was given; who then meets a deeper tree is told so. */
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){open, open}) < 0) {
		if (errno != EPERM || getrlimit(RLIMIT_NOFILE, &all) < 0)
			return -errno;
		all.rlim_cur = all.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &all) < 0)
			return -errno;
	}
	return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

/* R3 */
static int seal(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				  .propagation = MS_PRIVATE};

	if (unshare(CLONE_NEWNS) < 0 || mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return 0;
}

/* Nothing but what is beneath the descriptors that are kept can be opened. */
static int confine(const struct ctl_task *work, struct crl_err *err)
{
	const struct crl_login *l = work->login;
	const struct crl_worker who = {.uid = l->uid, .gid = l->gid, .group = l->groups, .groups = l->ngroups};
	struct crl_reach_place place[CTL_WORKER_FDS_MAX];
	struct crl_reach reach = {.place = place};
	struct stat st;

	for (size_t i = 0; i < work->fds; i++)
		if (work->fd[i] >= 0 && fstat(work->fd[i], &st) == 0 && S_ISDIR(st.st_mode))
			place[reach.len++] =
				(struct crl_reach_place){work->fd[i], work->writes ? CRL_REACH_TREE : CRL_REACH_READ};
	return crl_sandbox_worker(&who, &reach, err);
}

/* Its user, and free to start programs of the host. */
static int become_plain(const struct crl_login *l)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{.effective = 0}};
	int rc = crl_become_user(l);

	if (rc == 0 && (syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			prctl(PR_SET_DUMPABLE, 0) < 0))
		rc = -errno;
	return rc;
}

/* R1 */
static int become(const struct ctl_task *work, pid_t parent, struct crl_err *err)
{
	int rc = work->sealed ? seal() : 0;

	if (rc == 0)
		rc = raise_limits();
	if (rc == 0)
		rc = crl_become_keyless();
	if (rc == 0)
		rc = work->programs ? become_plain(work->login) : confine(work, err);
	if (rc == 0 && !crl_child_ends_with(parent))
		rc = -ESRCH;
	return rc < 0 && err->code == 0 ? crl_err_set(err, -rc, CRL_STAGE_CAPS, "cannot become %s: %s",
						      work->login->user, strerrordesc_np(-rc))
					: rc;
}

/* R1 */
static int arrange(const struct ctl_task *work, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = 0; fd < FIRST_FD; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	return close_others(work, out);
}

static _Noreturn void be_worker(const struct ctl_task *work, int out, pid_t parent)
{
	struct ctl_worker w = {.said_ms = crl_now_ms()};
	struct crl_err err = {0};
	int rc = arrange(work, out);

	crl_become_clean(~0u);
	(void)umask(077);
	catch_stops(NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	w.out = fdopen(out, "we");
	if (rc < 0 || !w.out || clearenv() != 0)
		_exit(111);
	rc = become(work, parent, &err);
	if (rc == 0)
		rc = work->run(&w, work->arg, &err);
	if (rc < 0 && err.code != -rc)
		(void)crl_err_set(&err, -rc, CRL_STAGE_HOME, "%s", strerrordesc_np(-rc));
	if (rc >= 0)
		err = (struct crl_err){0};
	(void)send_record(&w, RECORD_END, &(struct iovec){&err, sizeof(err)}, 1);
	_exit(fflush(w.out) == 0 ? 0 : 111);
}

/* ---- in carrelctl ---- */

/* What is being heard. */
struct ear {
	const struct ctl *c;
	const struct ctl_task *work;
	int in;
	pid_t pid;
	int told; /* how many of the signals were passed on */
	int64_t start_ms;
	size_t shown; /* columns of the line of progress that stands on the terminal */
	bool has_terminal;
	char *data;
	struct crl_err *err;
};

/* The first is a wish, the second is none. */
static void pass_on(struct ear *e)
{
	if (e->told == stops)
		return;
	(void)kill(e->pid, e->told == 0 && stops == 1 ? SIGTERM : SIGKILL);
	(void)kill(e->pid, SIGCONT); /* its user may have stopped it */
	e->told = stops;
}

static void unshow(struct ear *e)
{
	if (e->shown > 0)
		(void)fprintf(stderr, "\r%*s\r", (int)e->shown, "");
	e->shown = 0;
}

static void show(struct ear *e, const struct progress *p)
{
	char text[128];
	int n;

	if (!e->has_terminal || crl_now_ms() - e->start_ms < SHOW_AFTER_MS)
		return;
	if (p->total > 0)
		n = snprintf(text, sizeof(text), "%s: %" PRIu64 " of %" PRIu64 " %s", e->work->doing, p->done, p->total,
			     e->work->unit);
	else
		n = snprintf(text, sizeof(text), "%s: %" PRIu64 " %s", e->work->doing, p->done, e->work->unit);
	(void)fprintf(stderr, "\r%s%*s", text, e->shown > (size_t)n ? (int)(e->shown - (size_t)n) : 0, "");
	e->shown = (size_t)n;
}

/* Returns 1; 0 at the end; -errno. */
static int hear(struct ear *e, void *to, size_t len)
{
	size_t n = 0;

	while (n < len) {
		struct pollfd p = {.fd = e->in, .events = POLLIN};
		ssize_t got;

		pass_on(e);
		if (poll(&p, 1, SAY_EVERY_MS) < 1)
			continue; /* a signal that came before poll() is seen in time */
		got = read(e->in, (char *)to + n, len - n);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return n == 0 ? 0 : -EBADMSG;
		n += got > 0 ? (size_t)got : 0;
	}
	return 1;
}

/* R2. Returns 1; 0 it was the last one; -errno. */
static int take(struct ear *e, struct record_head h)
{
	struct progress p;

	if (h.kind == RECORD_END && h.len == sizeof(*e->err)) {
		memcpy(e->err, e->data, sizeof(*e->err));
		if (e->err->code != 0 && crl_err_check(e->err) < 0)
			return -EBADMSG;
		return -e->err->code;
	}
	if (h.kind == RECORD_PROGRESS && h.len == sizeof(p)) {
		memcpy(&p, e->data, sizeof(p));
		show(e, &p);
		return 1;
	}
	if (h.kind < RECORD_FIRST || !e->work->take)
		return -EBADMSG;
	if (e->shown > 0)
		unshow(e);
	return e->work->take(e->work->arg, h.kind - RECORD_FIRST, e->data, h.len) < 0 ? -EBADMSG : 1;
}

static int hear_all(struct ear *e)
{
	struct record_head h;
	int rc;

	for (;;) {
		rc = hear(e, &h, sizeof(h));
		if (rc <= 0)
			return rc < 0 ? rc : -ECHILD;
		if (h.len > CTL_WORKER_RECORD_MAX)
			return -EBADMSG;
		rc = h.len > 0 ? hear(e, e->data, h.len) : 1;
		if (rc <= 0)
			return -EBADMSG;
		e->data[h.len] = '\0';
		rc = take(e, h);
		if (rc <= 0)
			return rc;
	}
}

/* Returns @rc, or what came of its end, with the error set. */
static int reap(struct ear *e, int rc)
{
	int status = 0;

	if (rc == -EBADMSG || rc == -ECHILD)
		(void)kill(e->pid, SIGKILL);
	while (waitpid(e->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 || (rc < 0 && e->err->code == -rc && rc != -EINTR))
		return rc;
	if (rc == -EINTR || stops > 0)
		return crl_err_set(e->err, EINTR, CRL_STAGE_HOME, "stopped; run it again to go on");
	if (rc == -EBADMSG)
		return crl_err_set(e->err, EBADMSG, CRL_STAGE_HOME, "what the worker said was not understood");
	return crl_err_set(e->err, ECHILD, CRL_STAGE_HOME, "the worker died (%s %d); run it again to go on",
			   WIFSIGNALED(status) ? "signal" : "status",
			   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int start(struct ear *e)
{
	pid_t parent = getpid();
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return -errno;
	(void)fflush(NULL);
	e->pid = fork();
	if (e->pid == 0)
		be_worker(e->work, end[1], parent);
	(void)close(end[1]);
	if (e->pid < 0) {
		(void)close(end[0]);
		return -errno;
	}
	e->in = end[0];
	return 0;
}

int ctl_worker_run(const struct ctl *c, const struct ctl_task *work, struct crl_err *err)
{
	scoped_free char *data = malloc(CTL_WORKER_RECORD_MAX + 1);
	struct ear e = {.c = c, .work = work, .start_ms = crl_now_ms(), .data = data, .err = err};
	struct sigaction saved[3];
	int rc;

	if (!data || work->fds > CTL_WORKER_FDS_MAX)
		return crl_err_set(err, data ? E2BIG : ENOMEM, CRL_STAGE_HOME, "cannot start a worker");
	*err = (struct crl_err){0};
	e.has_terminal = isatty(STDERR_FILENO);
	stops = 0;
	catch_stops(saved);
	rc = start(&e);
	if (rc == 0) {
		rc = hear_all(&e);
		unshow(&e);
		(void)close(e.in);
		rc = reap(&e, rc);
	} else {
		rc = crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot start a worker");
	}
	release_stops(saved);
	return rc;
}
