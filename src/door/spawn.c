// SPDX-License-Identifier: Apache-2.0
/*
 * Start the helper.
 *
 * Runs in: who adopts a room (adopt.h), as root; child_main() and middle_main() in its memory but with their own
 * descriptors, signal dispositions and credentials.
 * Owns: R1 the application gets no SIGCHLD and has no child of ours to wait for; R2 the helper inherits one socket;
 * R3 the context that SELinux has for the application's next program is the user's shell's, never the helper's.
 *
 * Both clones share the memory and stop the caller until exec or exit (as posix_spawn() does): a fork would copy the
 * application's page tables twice, 1.3 ms for sshd.
 */
#include "door/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/needs.h"
#include "base/scope.h"
#include "wire/proto.h"

#define STACK_BYTES 32768

/* These run on a borrowed stack that is unmapped without a return: the sanitizer's marks would stay behind. */
#define ON_BORROWED_STACK __attribute__((no_sanitize("address"), no_stack_protector))

/* What the three processes share. */
struct launch {
	char *const *argv;
	int sock; /* the helper's end */
	char *child_stack; /* top */
	int pidfd; /* of the helper, in the caller's table */
	const char *step; /* where it failed, NULL = nowhere */
	int code; /* errno of that */
};

/* _exit() is the C library's own and runs nothing; a plain return would come back into clone()'s exit as well. */
ON_BORROWED_STACK static int give_up(struct launch *l, const char *step)
{
	l->code = errno;
	l->step = step;
	_exit(127);
}

ON_BORROWED_STACK static void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL); /* refused for SIGKILL, SIGSTOP and the library's own */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* su's real uid is still the user's: with it the exec would count as set-id. Raw calls: this process alone. */
ON_BORROWED_STACK static int become_root(void)
{
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, 0, 0, 0);
}

ON_BORROWED_STACK static int arrange_fds(int sock)
{
	int null;

	if (sock == CRL_CHANNEL_FD ? fcntl(sock, F_SETFD, 0) < 0 : dup2(sock, CRL_CHANNEL_FD) < 0)
		return -1;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -1;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	return close_range(CRL_CHANNEL_FD + 1, ~0u, 0);
}

/*
 * R3. What pam_selinux asked for, setexeccon(3), went over with the clone. To write nothing takes it back for this
 * process alone, as libselinux does it; without SELinux it is EINVAL and not a word in AppArmor's log. Those for files,
 * keys and sockets end with execve(2).
 */
ON_BORROWED_STACK static void forget_context(void)
{
	int fd = open("/proc/thread-self/attr/exec", O_WRONLY);

	if (fd >= 0) /* it is closed with the others */
		(void)syscall(SYS_write, fd, NULL, 0);
}

/* The process that becomes the helper. */
ON_BORROWED_STACK static int child_main(void *arg)
{
	static char *const no_environment[] = {NULL};
	struct launch *l = arg;

	(void)setsid(); /* a new process is never a group leader, so it cannot fail */
	reset_signals();
	if (become_root() < 0)
		return give_up(l, "become root for");
	forget_context();
	if (arrange_fds(l->sock) < 0) /* R2 */
		return give_up(l, "arrange the descriptors of");
	if (chdir("/") < 0)
		return give_up(l, "change the directory for");
	(void)execve(l->argv[0], l->argv, no_environment);
	return give_up(l, "execute");
}

/* Shares the caller's descriptor table: the pidfd arrives there. Leaves at once: the helper goes to init. */
ON_BORROWED_STACK static int middle_main(void *arg)
{
	struct launch *l = arg;

	if (clone(child_main, l->child_stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, l, &l->pidfd) < 0)
		return give_up(l, "clone");
	_exit(0);
}

static int run_middle(struct launch *l, char *stack, struct crl_err *err)
{
	int status;
	pid_t pid;

	/* R1. Exit signal 0: no SIGCHLD, and only a wait with __WALL or __WCLONE can see it. */
	pid = clone(middle_main, stack, CLONE_VM | CLONE_VFORK | CLONE_FILES, l);
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot clone");
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot wait for the middle process");
	if (l->step)
		return crl_err_set(err, l->code, CRL_STAGE_HELPER, "cannot %s %s", l->step, l->argv[0]);
	if (l->pidfd < 0)
		return crl_err_set(err, EIO, CRL_STAGE_HELPER, "no descriptor of the helper");
	return 0;
}

/* The mask stays full while a child shares our memory: a handler of the application must not run in it. */
static int launch(struct launch *l, struct crl_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = 2 * (page + STACK_BYTES);
	int dumpable = prctl(PR_GET_DUMPABLE);
	sigset_t all, saved;
	char *stacks;
	int rc;

	stacks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stacks == MAP_FAILED)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "no memory for a stack");
	/* The lowest page of each stack is its guard. */
	if (mprotect(stacks, page, PROT_NONE) < 0 || mprotect(stacks + size / 2, page, PROT_NONE) < 0) {
		rc = crl_err_set(err, errno, CRL_STAGE_HELPER, "no memory for a stack");
	} else {
		l->child_stack = stacks + size / 2;
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, &saved);
		rc = run_middle(l, stacks + size, err);
		(void)sigprocmask(SIG_SETMASK, &saved, NULL);
	}
	(void)munmap(stacks, size);
	/* The child's change of ids marks the shared memory undumpable. */
	if (dumpable == 1 && prctl(PR_GET_DUMPABLE) != 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
	return rc;
}

int crl_helper_spawn(const struct crl_helper_start *start, struct crl_helper *ret, struct crl_err *err)
{
	char seconds[16];
	char *argv[12] = {crl_unconst(start->helper),
			  crl_unconst("--config"),
			  crl_unconst(start->config),
			  crl_unconst("--state"),
			  crl_unconst(start->state),
			  crl_unconst("--timeout"),
			  seconds};
	size_t argc = 7;
	struct launch l = {.argv = argv, .pidfd = -EBADF};
	scoped_fd ours = -EBADF;
	scoped_fd theirs = -EBADF;
	int pair[2];
	int rc;

	(void)snprintf(seconds, sizeof(seconds), "%d", start->timeout_s);
	if (start->debug)
		argv[argc++] = crl_unconst("--debug");
	if (start->rehearse)
		argv[argc++] = crl_unconst("--rehearse");
	if (start->policy) {
		argv[argc++] = crl_unconst("--policy");
		argv[argc] = crl_unconst(start->policy);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot make a socket");
	theirs = pair[1];
	/* An application without standard descriptors must not find ours in their place. */
	ours = pair[0] > 2 ? pair[0] : fcntl(pair[0], F_DUPFD_CLOEXEC, CRL_CHANNEL_FD);
	if (ours != pair[0])
		(void)close(pair[0]);
	if (ours < 0)
		return crl_err_set(err, EMFILE, CRL_STAGE_HELPER, "cannot make a socket");
	l.sock = theirs;
	rc = launch(&l, err);
	if (rc < 0) {
		crl_err_add_kernel(err);
		drop_fd(&l.pidfd);
		return rc;
	}
	ret->sock = take_fd(&ours);
	ret->pidfd = l.pidfd;
	return 0;
}

void crl_helper_done(struct crl_helper *h)
{
	drop_fd(&h->sock);
	drop_fd(&h->pidfd);
}

void crl_helper_end(const struct crl_helper *h, int wait_ms)
{
	int64_t deadline_ms = crl_now_ms() + wait_ms;
	/* No event is asked for: the hang-up of the other end is told in any case. */
	struct pollfd p[] = {{.fd = h->pidfd, .events = POLLIN}, {.fd = h->sock}};
	int64_t left;

	if (h->pidfd < 0)
		return;
	/* Half of it: with both halves closed our own poll would say "hung up" at once. */
	(void)shutdown(h->sock, SHUT_WR);
	for (left = wait_ms; left > 0; left = deadline_ms - crl_now_ms()) {
		int n = poll(p, 2, (int)left);

		if (n > 0)
			return;
		if (n < 0 && errno != EINTR)
			break;
	}
	/* Its death takes the room's init with it; what is left on disk is swept by the next login. */
	(void)syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0);
}
