// SPDX-License-Identifier: Apache-2.0
/*
 * Become the user, as the kernel told who that is, and the program.
 *
 * Runs in: a child of carrel-steward that knows who asks; and its child, which gives up root here.
 * R1: the program has three descriptors: no directory, no path, no device but a terminal or /dev/null, and no socket
 * (errand_pump.c), by which it could be found. A file is whichever the asker could open in the room.
 * R2: nothing of its environment but a terminal's name and a locale comes from the room, both of plain letters.
 * R3: between root and the program nobody may trace or read it, and no capability is left; what the program's own
 * set-id bit gives is the kernel's to give, as in a login without a room.
 */
#include "helper/steward/errand.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/compat.h"

#define STATUS_FD 3
#define ASKER_FD 4 /* the pidfd */
#define ENV_MAX 10

/* A terminal, or what says that there is none. /dev/mem and its kind have other numbers. */
static bool is_terminal_or_null(dev_t dev)
{
	unsigned int n = major(dev), m = minor(dev);

	return (n == 1 && m == 3) || n == 4 || (n == 5 && m <= 1) || (n >= 136 && n <= 143) || n == 204 || n == 229;
}

int crl_errand_fds_check(const int fd[CRL_ERRAND_FDS], struct crl_err *err)
{
	for (int i = 0; i < CRL_ERRAND_FDS; i++) { /* R1 */
		int flags = fcntl(fd[i], F_GETFL);
		struct stat st;

		if (flags < 0 || flags & O_PATH || fstat(fd[i], &st) < 0 ||
		    !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		      (S_ISCHR(st.st_mode) && is_terminal_or_null(st.st_rdev))))
			return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
					   "standard %s is neither a file, a pipe, a socket, a "
					   "terminal nor /dev/null",
					   i == 0   ? "input"
					   : i == 1 ? "output"
						    : "error");
	}
	return 0;
}

static void reset_signals(void)
{
	static const unsigned char usual[64]; /* the kernel's struct: SIG_DFL, no flags, no mask */
	sigset_t none;

	/* Not by libc, which keeps two for itself: ignored, they would be so in a program with threads. */
	for (int sig = 1; sig < NSIG; sig++)
		(void)syscall(SYS_rt_sigaction, sig, usual, NULL,
			      NSIG / 8); /* fails for those that cannot be changed */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The limits of the process that asks; where root may not raise its own, those that are lower. Returns 0 or -errno. */
static int take_limits(pid_t pid)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit, own;

		if (prlimit(pid, i, NULL, &limit) < 0 || getrlimit(i, &own) < 0)
			return -errno;
		if (setrlimit(i, &limit) == 0)
			continue;
		if (limit.rlim_max > own.rlim_max)
			limit.rlim_max = own.rlim_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(i, &limit) < 0)
			return -errno;
	}
	return 0;
}

/* Nice value and audit identity of the process that asks. What cannot be read stays the steward's. */
static void take_surroundings(const struct crl_errand_asker *a)
{
	char path[64], text[24] = "";
	int nice;

	errno = 0;
	nice = getpriority(PRIO_PROCESS, (id_t)a->pid);
	if (errno == 0 && nice >= 0)
		(void)setpriority(PRIO_PROCESS, 0, nice);
	(void)snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)a->pid);
	for (int pass = 0; pass < 2; pass++) {
		scoped_fd fd = open(pass ? "/proc/self/loginuid" : path, (pass ? O_WRONLY : O_RDONLY) | O_CLOEXEC);

		if (fd >= 0 && pass == 0)
			crl_ignore(read(fd, text, sizeof(text) - 1) < 0);
		else if (fd >= 0 && text[0])
			crl_ignore(write(fd, text, strlen(text)) < 0);
	}
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
}

/* The steward's is low; the user's is never below what everybody has. */
int crl_errand_oom_score_usual(void)
{
	scoped_fd fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) != 1 ? -EIO : 0;
}

/* R3 */
static int give_up_root(const struct crl_errand_asker *a)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_SET_KEEPCAPS, 0) < 0 || setgroups(a->groups, a->group) < 0 ||
	    setresgid(a->gid, a->gid, a->gid) < 0 || setresuid(a->uid, a->uid, a->uid) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 || syscall(SYS_capset, &head, data) < 0)
		return -errno;
	if (syscall(SYS_capget, &head, data) < 0 || data[0].permitted || data[1].permitted || data[0].inheritable ||
	    data[1].inheritable || setuid(0) == 0)
		return -EPERM;
	return 0;
}

/* R2 */
static void fill_environment(const struct crl_errand_asker *a, const struct crl_errand_run *run, char *env[ENV_MAX],
			     char store[ENV_MAX][CRL_HOME_MAX + 16])
{
	/* A mailer finds no file there that it might obey; for a job of at(1) it is the real one. */
	const char *home = run->errand->power == CRL_ERRAND_MAILER ? "/" : a->room.home;
	const struct {
		const char *name;
		const char *value;
	} all[] = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
		   {"HOME", home},
		   {"USER", a->room.user},
		   {"LOGNAME", a->room.user},
		   {"SHELL", "/bin/sh"},
		   {"EDITOR", "/bin/false"},
		   {"VISUAL", "/bin/false"},
		   {"TERM", run->term},
		   {"LANG", run->lang}};
	size_t n = 0;

	_Static_assert(CRL_ARRAY_LEN(all) < ENV_MAX, "and the NULL");
	for (size_t i = 0; i < CRL_ARRAY_LEN(all); i++) {
		if (!all[i].value[0])
			continue;
		(void)snprintf(store[n], sizeof(store[n]), "%s=%s", all[i].name, all[i].value);
		env[n] = store[n];
		n++;
	}
	env[n] = NULL;
}

/* All of them are above ASKER_FD: 0 to 2 are /dev/null, 3 and 4 the connection and the state directory. */
static int place_fds(const struct crl_errand_asker *a, const struct crl_errand_run *run, int *status)
{
	for (int i = 0; i < CRL_ERRAND_FDS; i++)
		if (run->fd[i] <= ASKER_FD || *status <= ASKER_FD || dup2(run->fd[i], i) < 0)
			return -EBADF;
	if (a->pidfd <= ASKER_FD)
		return -EBADF;
	if (dup3(*status, STATUS_FD, O_CLOEXEC) < 0 || dup3(a->pidfd, ASKER_FD, O_CLOEXEC) < 0)
		return -errno;
	*status = STATUS_FD;
	return syscall(SYS_close_range, ASKER_FD + 1, ~0u, 0) < 0 ? -errno : 0; /* R1 */
}

/* @status  where the caller says what failed; another place afterwards */
static int become(const struct crl_errand_asker *a, const struct crl_errand_run *run, int *status)
{
	static char store[ENV_MAX][CRL_HOME_MAX + 16];
	char *env[ENV_MAX], *argv[CRL_ERRAND_WORDS_MAX + 2];
	int rc, limits;

	(void)setsid();
	reset_signals();
	rc = place_fds(a, run, status);
	if (rc == 0)
		rc = crl_errand_oom_score_usual();
	if (rc < 0)
		return rc;
	take_surroundings(a);
	limits = take_limits(a->pid);
	rc = give_up_root(a);
	if (rc == 0 && limits == -EPERM) /* root without CAP_SYS_RESOURCE may not read them; the user may */
		limits = take_limits(a->pid);
	if (rc < 0 || limits < 0)
		return rc < 0 ? rc : limits;
	if (!crl_errand_is_alive(ASKER_FD)) /* all that was read by its number was its own */
		return -ESRCH;
	(void)umask(a->umask);
	if (chdir("/") < 0)
		return -errno;
	fill_environment(a, run, env, store);
	argv[0] = strdup(run->errand->call);
	for (size_t i = 0; i < run->len; i++)
		argv[i + 1] = run->args[i];
	argv[run->len + 1] = NULL;
	(void)execve(run->path, argv, env);
	return -errno;
}

/* What the child says before it is the program: nothing when it is. */
static int hear_failure(int fd)
{
	int code = 0;
	ssize_t n;

	do {
		n = read(fd, &code, sizeof(code));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(code) ? code : 0;
}

int crl_errand_start(const struct crl_errand_asker *a, const struct crl_errand_run *run, pid_t *ret_pid, int *ret_pidfd,
		     struct crl_err *err)
{
	scoped_fd from = -EBADF, to = -EBADF, pidfd = -EBADF;
	struct clone_args ca = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD};
	int pipe_fd[2], born = -EBADF, rc;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "cannot make a pipe");
	from = pipe_fd[0];
	to = pipe_fd[1];
	ca.pidfd = (uint64_t)(uintptr_t)&born;
	pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "cannot start it%s",
				   errno == EAGAIN ? ": the user has no task left (limits.tasks)" : "");
	if (pid == 0) {
		rc = become(a, run, &to);
		crl_ignore(write(to, &rc, sizeof(rc)) < 0);
		_exit(127);
	}
	pidfd = born;
	drop_fd(&to);
	rc = hear_failure(from);
	if (rc < 0) {
		(void)waitpid(pid, NULL, 0);
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "cannot start %s: %s", run->path, strerrordesc_np(-rc));
	}
	*ret_pid = pid;
	*ret_pidfd = take_fd(&pidfd);
	return 0;
}
