// SPDX-License-Identifier: Apache-2.0
/*
 * The server of marks: a process that can do one thing.
 *
 * Runs in: a child of carrelctl or keeper, with its user's uid and CAP_SYS_ADMIN.
 * Trusts: nothing that it is asked: who asks works on what the user owns.
 * Owns: R1 what is asked for is a directory, by a descriptor that came with it; R2 marks are set only on directories
 * that its user owns, of its one device; R3 no call but those that this takes.
 */
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/compat.h"
#include "layers/marks.h"
#include "layers/marks_wire.h"
#include "wire/fds.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "carrel's own filters do not know this architecture"
#endif

/* R3 */
static const uint16_t calls[] = {
	__NR_recvmsg,     __NR_sendmsg,       __NR_ppoll,  __NR_fgetxattr,  __NR_fsetxattr,    __NR_fremovexattr,
	__NR_fstat,       __NR_newfstatat, /* fstat(3) of older libraries */
	__NR_close,       __NR_clock_gettime, __NR_exit,   __NR_exit_group, __NR_rt_sigreturn, __NR_restart_syscall,
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __SANITIZE_ADDRESS__
	__NR_sigaltstack, __NR_sched_yield,   __NR_munmap,
#endif
};

static int bind_filter(void)
{
	enum { CALLS = CRL_ARRAY_LEN(calls), LEN = 4 + CALLS + 2 };
	struct sock_filter code[LEN] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		[LEN - 2] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		[LEN - 1] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = LEN, .filter = code};

	for (size_t i = 0; i < CALLS; i++)
		code[4 + i] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], (uint8_t)(CALLS - i), 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

static int shed_power(const struct crl_marks_server *s)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	data[0].permitted = data[0].effective = 1u << CAP_SYS_ADMIN;
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
	    setresuid(s->uid, s->uid, s->uid) < 0 || syscall(__NR_capset, &head, data) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

/* R1, R2. @text  of the request, @len bytes */
static int serve_one(const struct crl_marks_server *s, const struct crl_fds *fds, uint32_t verb, const char *text,
		     struct crl_marks_answer *ret)
{
	struct crl_mark mark;
	struct stat st;
	int rc;

	if (fds->len != 1)
		return -EBADMSG;
	if (fstat(fds->fd[0], &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (verb != CRL_MARKS_READ) {
		if (s->dev == 0 || st.st_dev != s->dev || st.st_uid != s->uid)
			return st.st_uid != s->uid ? -EPERM : -EXDEV;
		return verb <= CRL_MARKS_REDIRECT ? crl_marks_set_own(fds->fd[0], verb, text) : -EBADMSG;
	}
	rc = crl_marks_get_own(fds->fd[0], &mark);
	if (rc < 0)
		return rc;
	ret->head.opaque = mark.opaque;
	ret->head.len = (uint32_t)strlen(mark.redirect);
	memcpy(ret->text, mark.redirect, ret->head.len);
	return 0;
}

/* Returns when the other end is closed, or said what nobody says who is in their senses. */
static int serve(const struct crl_marks_server *s, int sock)
{
	const struct crl_fds_rule rule = {.most = 1};

	for (;;) {
		struct crl_marks_request q = {0};
		struct crl_marks_answer a = {0};
		char text[PATH_MAX] = "";
		struct iovec in[2] = {{&q, sizeof(q)}, {text, sizeof(text) - 1}}, out = {&a, 0};
		scoped(crl_fds) fds = CRL_FDS_NONE;
		ssize_t n = crl_fds_wait(sock, INT64_MAX);

		if (n == 0)
			n = crl_fds_take(sock, in, 2, &rule, &fds);
		if (n <= 0)
			return n == 0 || n == -EPIPE ? 0 : (int)n;
		if ((size_t)n < sizeof(q))
			return -EBADMSG;
		if (strlen(text) != (size_t)n - sizeof(q)) /* R1: it has no NUL in it */
			return -EBADMSG;
		a.head.rc = serve_one(s, &fds, q.verb, text, &a);
		out.iov_len = sizeof(a.head) + a.head.len;
		if (crl_fds_send(sock, &out, 1, NULL, 0) < 0)
			return 0;
	}
}

_Noreturn static void run(const struct crl_marks_server *s, int sock)
{
	const int first = 0; /* not even what is on a terminal is left */
	int rc = dup2(sock, first) < 0 ? -errno : 0;

	(void)setsid(); /* a key on the terminal ends who asks, who has to be answered until then */
	if (rc == 0 && close_range(first + 1, ~0u, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = shed_power(s);
	if (rc == 0)
		rc = bind_filter();
	if (rc == 0)
		rc = serve(s, first);
	_exit(rc == 0 ? 0 : 1);
}

int crl_marks_start(const struct crl_marks_server *s, int *ret_sock, pid_t *ret_pid, struct crl_err *err)
{
	int pair[2];
	scoped_fd ours = -EBADF;
	scoped_fd theirs = -EBADF;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot make the socket of the server of marks");
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot start the server of marks");
	if (pid == 0)
		run(s, theirs);
	*ret_sock = take_fd(&ours);
	*ret_pid = pid;
	return 0;
}
