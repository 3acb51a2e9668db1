// SPDX-License-Identifier: Apache-2.0
/*
 * The small system call filter of supervisor and init, written by hand: libseccomp would leave its heap
 * behind.
 *
 * Runs in: supervisor, init.
 */
#include "apply/sandbox.h"

#include <elf.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "carrel's own filter does not know this architecture"
#endif

#define FILTER_LEN_MAX 256 /* a jump reaches 255 instructions */
#define LOW32(field)                                                                                         \
	((uint32_t)offsetof(struct seccomp_data, field)) /* both architectures are little-endian */

/* Both processes. Legacy numbers are x86's; glibc's wrappers still use some. */
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
	__NR_flock,  /* a shared room's lock, to tidy up after a killed supervisor */
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
	__NR_recvmsg,    __NR_recvfrom,   __NR_accept4,   __NR_shutdown,
	__NR_connect,    __NR_getsockopt, __NR_mkdirat,   __NR_renameat2, __NR_renameat,
	__NR_fchmod,     __NR_ftruncate, __NR_fsync,     __NR_fdatasync,
	__NR_pidfd_open, __NR_uname,      __NR_umask,     __NR_sysinfo,
#ifdef __NR_rename
	__NR_rename,     __NR_mkdir,
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

struct program {
	struct sock_filter code[FILTER_LEN_MAX];
	unsigned short len;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t on_true, uint8_t on_false)
{
	p->code[p->len++] = (struct sock_filter)BPF_JUMP(code, k, on_true, on_false);
}

static void emit_calls(struct program *p, const uint16_t *nr, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, nr[i], 0, 1);
		emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
}

static void emit_args(struct program *p, const struct arg_rule *r, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, r[i].nr, 0, 5);
		emit(p, BPF_LD | BPF_W | BPF_ABS, r[i].arg, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, r[i].mask, 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, r[i].value, 0, 1);
		emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		emit(p, BPF_LD | BPF_W | BPF_ABS, LOW32(nr), 0, 0);
	}
}

_Static_assert(5 + 2 * (CRL_ARRAY_LEN(common_calls) + CRL_ARRAY_LEN(supervisor_calls)) +
			       6 * (CRL_ARRAY_LEN(common_args) + CRL_ARRAY_LEN(supervisor_args)) <=
		       FILTER_LEN_MAX,
	       "the filter does not fit");

/* x32's numbers carry bit 30 and so equal none of the table's. */
static int load_filter(bool supervisor, struct crl_err *err)
{
	struct program p = {.len = 0};
	struct sock_fprog prog = {.filter = p.code};

	emit(&p, BPF_LD | BPF_W | BPF_ABS, LOW32(arch), 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
	emit(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	emit(&p, BPF_LD | BPF_W | BPF_ABS, LOW32(nr), 0, 0);
	emit_calls(&p, common_calls, CRL_ARRAY_LEN(common_calls));
	emit_args(&p, common_args, CRL_ARRAY_LEN(common_args));
	if (supervisor) {
		emit_calls(&p, supervisor_calls, CRL_ARRAY_LEN(supervisor_calls));
		emit_args(&p, supervisor_args, CRL_ARRAY_LEN(supervisor_args));
	}
	emit(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	prog.len = p.len;
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load carrel's own filter");
	return 0;
}

/* The bounding set goes while CAP_SETPCAP is still there. */
/* @keep  mask of the capabilities that stay permitted and effective; the bounding set goes in any case */
static int drop_caps(uint32_t keep, struct crl_err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	for (unsigned long cap = 0; cap < 64; cap++) {
		int held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (held < 0)
			break; /* past the kernel's last */
		if (held && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot drop capability %lu", cap);
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot clear ambient capabilities");
	data[0].permitted = data[0].effective = keep;
	if (syscall(__NR_capset, &head, data) < 0 || syscall(__NR_capget, &head, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot clear capabilities");
	for (size_t i = 0; i < CRL_ARRAY_LEN(data); i++)
		if ((data[i].permitted | data[i].effective | data[i].inheritable) != (i == 0 ? keep : 0))
			return crl_err_set(err, EPERM, CRL_STAGE_CAPS,
					   "capabilities are left after dropping them");
	return 0;
}

static int enter(bool supervisor, const struct crl_reach *reach, struct crl_err *err)
{
	int r = drop_caps(supervisor ? 0 : 1u << CAP_KILL, err);

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "cannot become non-dumpable");
	r = crl_landlock_enter(reach, err); /* a kernel without it: the rest has to do */
	if (r < 0)
		return r;
	r = load_filter(supervisor, err);
	if (r < 0)
		return r;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
		return crl_err_set(err, EPERM, CRL_STAGE_FILTER, "carrel's own filter is not in force");
	return 0;
}

int crl_sandbox_supervisor(const struct crl_reach *reach, struct crl_err *err)
{
	return enter(true, reach, err);
}

int crl_sandbox_init(const struct crl_reach *reach, struct crl_err *err)
{
	return enter(false, reach, err);
}
