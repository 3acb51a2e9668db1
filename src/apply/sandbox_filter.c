// SPDX-License-Identifier: Apache-2.0
/*
 * The text of the small system call filter of supervisor, init and workers, written by hand: libseccomp would leave its
 * heap behind.
 *
 * Runs in: supervisor, init, workers. R1: what no line allows is refused. The calls are found by a search tree: when it
 * takes a filter the kernel walks it once for each call there is, so that a list of them would cost a login 0.2 ms.
 */
#include "apply/sandbox_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/scope.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "carrel's own filter does not know this architecture"
#endif

#define LOW32(field) ((uint32_t)offsetof(struct seccomp_data, field)) /* both architectures are little-endian */

/* All of them. Legacy numbers are x86's; glibc's wrappers still use some. */
static const uint16_t common_calls[] = {
	__NR_read,
	__NR_write,
	__NR_pread64,
	__NR_pwrite64,
	__NR_writev,
	__NR_close,
	__NR_lseek,
	__NR_fstat,
	__NR_newfstatat,
	__NR_statx,
	__NR_fstatfs,
	__NR_getdents64,
	__NR_readlinkat,
	__NR_openat,
	__NR_openat2,
	__NR_unlinkat,
	__NR_fcntl,
	__NR_ppoll,
	__NR_kill,
	__NR_pidfd_send_signal,
	__NR_wait4,
	__NR_waitid,
	__NR_clock_gettime,
	__NR_clock_nanosleep,
	__NR_nanosleep,
	__NR_gettimeofday,
	__NR_munmap,
	__NR_madvise,
	__NR_brk,
	__NR_mremap,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigtimedwait,
	__NR_rt_sigpending,
	__NR_rt_sigreturn,
	__NR_getpid,
	__NR_gettid,
	__NR_getppid,
	__NR_getuid,
	__NR_geteuid,
	__NR_getgid,
	__NR_getegid,
	__NR_getrandom,
	__NR_futex,
	__NR_restart_syscall,
	__NR_tgkill,
	__NR_exit,
	__NR_exit_group,
	__NR_sendto, /* the log: on a socket that is open */
	__NR_sendmsg, /* init's word that the room stands */
	__NR_recvmsg, /* and what the supervisor has it do */
	__NR_flock, /* a shared room's lock, to tidy up after a killed supervisor */
#ifdef __SANITIZE_ADDRESS__
	__NR_sigaltstack,
	__NR_sched_yield, /* asked for before each _exit() */
#endif
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __NR_time
	__NR_time,
#endif
#ifdef __NR_unlink
	__NR_unlink,
	__NR_rmdir,
	__NR_readlink,
#endif
};

static const uint16_t supervisor_calls[] = {
	__NR_recvfrom,  __NR_accept4,    __NR_shutdown, __NR_connect,   __NR_getsockopt, __NR_mkdirat,
	__NR_renameat2, __NR_renameat,   __NR_fchmod,   __NR_utimensat, __NR_ftruncate,  __NR_fsync,
	__NR_fdatasync, __NR_pidfd_open, __NR_uname,    __NR_umask,     __NR_sysinfo,
#ifdef __NR_rename
	__NR_rename,    __NR_mkdir,
#endif
};

/* Files of its own, replaced; the log. */
static const uint16_t listener_calls[] = {
	__NR_connect, __NR_renameat, __NR_renameat2, __NR_fchmod, __NR_fsync,
#ifdef __NR_rename
	__NR_rename,
#endif
};

/* Files of a user, read, made, replaced and removed by descriptors; answers on a socket that is listened to. */
static const uint16_t worker_calls[] = {
	__NR_recvfrom,
	__NR_accept4,
	__NR_shutdown,
	__NR_getsockopt,
	__NR_mkdirat,
	__NR_mknodat,
	__NR_symlinkat,
	__NR_linkat,
	__NR_renameat2,
	__NR_fchmod,
	__NR_fchmodat,
	__NR_fchown,
	__NR_fchownat,
	__NR_utimensat,
	__NR_ftruncate,
	__NR_fallocate,
	__NR_fadvise64,
	__NR_faccessat,
	__NR_fsync,
	__NR_fdatasync,
	__NR_syncfs,
	__NR_sync_file_range,
	__NR_copy_file_range,
	__NR_sendfile,
	__NR_preadv,
	__NR_pwritev,
	__NR_umask,
	__NR_sysinfo,
	__NR_fgetxattr,
	__NR_fsetxattr,
	__NR_flistxattr,
	__NR_fremovexattr,
	__NR_lgetxattr,
	__NR_lsetxattr,
	__NR_llistxattr,
	__NR_lremovexattr,
	__NR_getxattr,
	__NR_setxattr,
	__NR_listxattr,
	__NR_removexattr,
	__NR_dup,
	__NR_dup3,
	__NR_renameat,
#ifdef __NR_fchmodat2
	__NR_fchmodat2,
#endif
#ifdef __NR_chmod
	__NR_chmod,
#endif
#ifdef __NR_faccessat2
	__NR_faccessat2,
#endif
};

/* Calls that depend on one argument: its low 32 bits, masked, must be the value. */
struct arg_rule {
	uint32_t nr;
	uint32_t arg;
	uint32_t mask;
	uint32_t value;
};

static const struct arg_rule common_args[] = {
	{__NR_mmap, LOW32(args[2]), PROT_EXEC, 0},
	{__NR_mprotect, LOW32(args[2]), PROT_EXEC, 0},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_GET_NO_NEW_PRIVS},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_GET_DUMPABLE},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_GET_NAME},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_SET_NAME},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_GET_SECCOMP},
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_CAPBSET_READ},
};

static const struct arg_rule supervisor_args[] = {
	{__NR_socket, LOW32(args[0]), UINT32_MAX, AF_UNIX},
};

static const struct arg_rule listener_args[] = {
	{__NR_socket, LOW32(args[0]), UINT32_MAX, AF_UNIX},
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, SECCOMP_IOCTL_NOTIF_RECV},
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, SECCOMP_IOCTL_NOTIF_SEND},
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, SECCOMP_IOCTL_NOTIF_ID_VALID},
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, CRL_SECCOMP_SET_FLAGS},
};

/* A file's blocks shared with its copy; whether it is immutable, and the like. */
static const struct arg_rule worker_args[] = {
	{__NR_prctl, LOW32(args[0]), UINT32_MAX, PR_SET_PDEATHSIG}, /* forgotten with each change of ids */
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, FICLONE},
	{__NR_ioctl, LOW32(args[1]), UINT32_MAX, FS_IOC_GETFLAGS},
};

static const struct own_calls {
	const uint16_t *nr;
	size_t len;
	const struct arg_rule *arg;
	size_t args;
} own[] = {
	[CRL_SANDBOX_INIT] = {NULL, 0, NULL, 0},
	[CRL_SANDBOX_SUPERVISOR] = {supervisor_calls, CRL_ARRAY_LEN(supervisor_calls), supervisor_args,
				    CRL_ARRAY_LEN(supervisor_args)},
	[CRL_SANDBOX_LISTENER] = {listener_calls, CRL_ARRAY_LEN(listener_calls), listener_args,
				  CRL_ARRAY_LEN(listener_args)},
	[CRL_SANDBOX_WORKER] = {worker_calls, CRL_ARRAY_LEN(worker_calls), worker_args, CRL_ARRAY_LEN(worker_args)},
};

#define CALLS_MAX (CRL_ARRAY_LEN(common_calls) + CRL_ARRAY_LEN(worker_calls)) /* the longest */
#define ARGS_MAX (CRL_ARRAY_LEN(common_args) + CRL_ARRAY_LEN(listener_args))
#define ARG_LEN 6 /* instructions of a call that depends on an argument */

/* Two for each call but one in the tree; no jump within it is longer than it. */
_Static_assert(4 + 2 * CALLS_MAX + ARG_LEN * ARGS_MAX + 1 <= CRL_SANDBOX_FILTER_MAX && 2 * CALLS_MAX + 1 < 256,
	       "the filter does not fit");
_Static_assert(CRL_ARRAY_LEN(worker_calls) >= CRL_ARRAY_LEN(supervisor_calls) &&
		       CRL_ARRAY_LEN(worker_calls) >= CRL_ARRAY_LEN(listener_calls) &&
		       CRL_ARRAY_LEN(listener_args) >= CRL_ARRAY_LEN(supervisor_args) &&
		       CRL_ARRAY_LEN(listener_args) >= CRL_ARRAY_LEN(worker_args),
	       "the longest is the longest");

static void emit(struct crl_sandbox_filter *p, uint16_t code, uint32_t k, size_t on_true, size_t on_false)
{
	p->code[p->len++] = (struct sock_filter)BPF_JUMP(code, k, (uint8_t)on_true, (uint8_t)on_false);
}

/* @behind  instructions of the tree that come after these, up to the one that allows. R1: all others jump past that. */
static void emit_tree(struct crl_sandbox_filter *p, const uint16_t *nr, size_t len, size_t behind)
{
	size_t left = len / 2, right = len - left;

	if (len == 1) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, nr[0], behind, behind + 1);
		return;
	}
	emit(p, BPF_JMP | BPF_JGE | BPF_K, nr[left], 2 * left - 1, 0);
	emit_tree(p, nr, left, behind + 2 * right - 1);
	emit_tree(p, nr + left, right, behind);
}

/* Puts a table into @nr in order. Returns how many there are then. */
static size_t insert(uint16_t *nr, size_t len, const uint16_t *table, size_t more)
{
	for (size_t i = 0; i < more; i++) {
		size_t at = len++;

		for (; at > 0 && nr[at - 1] > table[i]; at--)
			nr[at] = nr[at - 1];
		nr[at] = table[i];
	}
	return len;
}

static void emit_calls(struct crl_sandbox_filter *p, const struct own_calls *mine)
{
	uint16_t nr[CALLS_MAX];
	size_t len = insert(nr, 0, common_calls, CRL_ARRAY_LEN(common_calls));

	len = insert(nr, len, mine->nr, mine->len);
	emit_tree(p, nr, len, 0);
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void emit_args(struct crl_sandbox_filter *p, const struct arg_rule *r, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, r[i].nr, 0, ARG_LEN - 1);
		emit(p, BPF_LD | BPF_W | BPF_ABS, r[i].arg, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, r[i].mask, 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, r[i].value, 0, 1);
		emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		emit(p, BPF_LD | BPF_W | BPF_ABS, LOW32(nr), 0, 0);
	}
}

/* x32's numbers carry bit 30 and so equal none of the table's. */
void crl_sandbox_filter(struct crl_sandbox_filter *ret, enum crl_sandbox_who who)
{
	ret->len = 0;
	emit(ret, BPF_LD | BPF_W | BPF_ABS, LOW32(arch), 0, 0);
	emit(ret, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
	emit(ret, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	emit(ret, BPF_LD | BPF_W | BPF_ABS, LOW32(nr), 0, 0);
	emit_calls(ret, &own[who]);
	emit_args(ret, common_args, CRL_ARRAY_LEN(common_args));
	emit_args(ret, own[who].arg, own[who].args);
	emit(ret, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}
