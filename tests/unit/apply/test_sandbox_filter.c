// SPDX-License-Identifier: Apache-2.0
/* The filter of supervisor and init: run over every call number there can be, with verdict and number of steps. */
#include "tests/unit/plan/filter_lab.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "apply/sandbox_filter.h"

#define NUMBERS 1024

#ifdef __x86_64__
#define NATIVE X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static uint32_t verdict_of(enum crl_sandbox_who who, uint32_t arch, int nr, uint64_t arg0, uint64_t arg2)
{
	const struct seccomp_data d = {.arch = arch, .nr = nr, .args = {arg0, 0, arg2}};
	struct crl_sandbox_filter own;
	static struct crl_filter f;

	crl_sandbox_filter(&own, who);
	f.len = own.len;
	memcpy(f.insn, own.code, own.len * sizeof(own.code[0]));
	return lab_run(&f, &d);
}

static uint32_t verdict(bool supervisor, uint32_t arch, int nr, uint64_t arg0, uint64_t arg2)
{
	return verdict_of(supervisor ? CRL_SANDBOX_SUPERVISOR : CRL_SANDBOX_INIT, arch, nr, arg0, arg2);
}

static bool allows(bool supervisor, int nr)
{
	uint32_t v = verdict(supervisor, NATIVE, nr, UINT32_MAX, UINT32_MAX);

	assert_true(v == ALLOW || v == ERRNO(EPERM));
	return v == ALLOW;
}

/* keeps: apply/sandbox_filter R1 */
static void test_calls(void **state)
{
	static const int both[] = {
		__NR_read,    __NR_write, __NR_close,  __NR_openat, __NR_openat2, __NR_exit_group,       __NR_ppoll,
		__NR_sendmsg, __NR_flock, __NR_munmap, __NR_futex,  __NR_statx,   __NR_pidfd_send_signal};
	static const int one[] = {__NR_connect,   __NR_accept4, __NR_pidfd_open,
				  __NR_renameat2, __NR_mkdirat, __NR_umask};
	static const int none[] = {
		__NR_execve,     __NR_execveat, __NR_clone,          __NR_clone3, __NR_ptrace,  __NR_mount,
		__NR_ioctl,      __NR_setns,    __NR_unshare,        __NR_bpf,    __NR_seccomp, __NR_open_tree,
		__NR_move_mount, __NR_setuid,   __NR_io_uring_setup, __NR_keyctl, __NR_capset,  __NR_process_vm_writev,
		__NR_fchmodat};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(both); i++)
		assert_true(allows(true, both[i]) && allows(false, both[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(one); i++)
		assert_true(allows(true, one[i]) && !allows(false, one[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(none); i++)
		assert_false(allows(true, none[i]) || allows(false, none[i]));
}

/* A room's listener: files of its own, the log, four ioctls; no process and no name in the file system but by reach. */
static void test_listener(void **state)
{
	static const int none[] = {
		__NR_execve, __NR_clone,  __NR_clone3,     __NR_ptrace,           __NR_mount,
		__NR_setns,  __NR_bpf,    __NR_seccomp,    __NR_process_vm_readv, __NR_accept4,
		__NR_bind,   __NR_setuid, __NR_pidfd_open, __NR_mkdirat,          __NR_process_vm_writev};
	static const uint32_t requests[] = {SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND,
					    SECCOMP_IOCTL_NOTIF_ID_VALID, CRL_SECCOMP_SET_FLAGS};
	struct crl_sandbox_filter own;
	static struct crl_filter f;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(none); i++)
		assert_int_equal(verdict_of(CRL_SANDBOX_LISTENER, NATIVE, none[i], 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict_of(CRL_SANDBOX_LISTENER, NATIVE, __NR_socket, AF_UNIX, 0), ALLOW);
	assert_int_equal(verdict_of(CRL_SANDBOX_LISTENER, NATIVE, __NR_socket, AF_INET, 0), ERRNO(EPERM));
	crl_sandbox_filter(&own, CRL_SANDBOX_LISTENER);
	f.len = own.len;
	memcpy(f.insn, own.code, own.len * sizeof(own.code[0]));
	for (uint32_t request = 0; request < 0x10000; request++) {
		const struct seccomp_data d = {.arch = NATIVE, .nr = __NR_ioctl, .args = {3, request}};

		assert_int_equal(lab_run(&f, &d), ERRNO(EPERM));
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(requests); i++) {
		const struct seccomp_data d = {.arch = NATIVE, .nr = __NR_ioctl, .args = {3, requests[i]}};

		assert_int_equal(lab_run(&f, &d), ALLOW);
	}
}

/* What works for a user: with files nearly all, with processes, mounts, sockets and programs nothing. */
static void test_worker(void **state)
{
	static const int some[] = {__NR_openat2, __NR_renameat2, __NR_linkat,   __NR_symlinkat,       __NR_mknodat,
				   __NR_syncfs,  __NR_fsetxattr, __NR_fchownat, __NR_copy_file_range, __NR_accept4};
	static const int none[] = {__NR_execve,     __NR_execveat,         __NR_clone,
				   __NR_clone3,     __NR_ptrace,           __NR_mount,
				   __NR_setns,      __NR_unshare,          __NR_bpf,
				   __NR_seccomp,    __NR_socket,           __NR_connect,
				   __NR_bind,       __NR_setuid,           __NR_io_uring_setup,
				   __NR_keyctl,     __NR_capset,           __NR_process_vm_writev,
				   __NR_chroot,     __NR_fsopen,           __NR_open_tree,
				   __NR_move_mount, __NR_open_by_handle_at};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(some); i++)
		assert_int_equal(verdict_of(CRL_SANDBOX_WORKER, NATIVE, some[i], UINT32_MAX, UINT32_MAX), ALLOW);
	for (size_t i = 0; i < CRL_ARRAY_LEN(none); i++)
		assert_int_equal(verdict_of(CRL_SANDBOX_WORKER, NATIVE, none[i], UINT32_MAX, UINT32_MAX), ERRNO(EPERM));
	for (int nr = 0; nr < NUMBERS; nr++) { /* neither more calls nor other ones than init has, but for files */
		uint32_t v = verdict_of(CRL_SANDBOX_WORKER, NATIVE, nr, UINT32_MAX, UINT32_MAX);

		assert_true(v == ALLOW || (v == ERRNO(EPERM) && !allows(false, nr)));
	}
	assert_int_equal(verdict_of(CRL_SANDBOX_WORKER, I386, __NR_read, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

/* Leaves of the search tree, which ends with the instruction that allows; each is one number. */
static size_t leaves(bool supervisor)
{
	struct crl_sandbox_filter own;
	size_t end = 4;

	crl_sandbox_filter(&own, supervisor ? CRL_SANDBOX_SUPERVISOR : CRL_SANDBOX_INIT);
	while (own.code[end].code != (BPF_RET | BPF_K))
		end++;
	assert_int_equal(own.code[end].k, ALLOW);
	return (end - 4 + 1) / 2;
}

/* What init may, the supervisor may; and as many numbers are allowed as the tree has, so that none is another's. */
static void test_count(void **state)
{
	size_t of_supervisor = 0, of_init = 0;

	(void)state;
	for (int nr = 0; nr < NUMBERS; nr++) {
		assert_true(allows(true, nr) || !allows(false, nr));
		of_supervisor += allows(true, nr);
		of_init += allows(false, nr);
	}
	for (uint32_t bit = 30; bit < 32; bit++)
		for (int nr = 0; nr < NUMBERS; nr++)
			assert_false(allows(true, (int)(1u << bit | (uint32_t)nr)));
	assert_int_equal(of_supervisor, leaves(true));
	assert_int_equal(of_init, leaves(false));
}

static void test_arguments(void **state)
{
	(void)state;
	for (int supervisor = 0; supervisor < 2; supervisor++) {
		assert_int_equal(verdict(supervisor, NATIVE, __NR_mmap, 0, PROT_READ | PROT_WRITE), ALLOW);
		assert_int_equal(verdict(supervisor, NATIVE, __NR_mmap, 0, PROT_READ | PROT_EXEC), ERRNO(EPERM));
		assert_int_equal(verdict(supervisor, NATIVE, __NR_mprotect, 0, PROT_READ), ALLOW);
		assert_int_equal(verdict(supervisor, NATIVE, __NR_mprotect, 0, PROT_EXEC), ERRNO(EPERM));
		assert_int_equal(verdict(supervisor, NATIVE, __NR_prctl, PR_SET_NAME, 0), ALLOW);
		assert_int_equal(verdict(supervisor, NATIVE, __NR_prctl, PR_CAPBSET_READ, 0), ALLOW);
		assert_int_equal(verdict(supervisor, NATIVE, __NR_prctl, PR_SET_DUMPABLE, 0), ERRNO(EPERM));
	}
	assert_int_equal(verdict(true, NATIVE, __NR_socket, AF_UNIX, 0), ALLOW);
	assert_int_equal(verdict(true, NATIVE, __NR_socket, AF_NETLINK, 0), ERRNO(EPERM));
	assert_int_equal(verdict(false, NATIVE, __NR_socket, AF_UNIX, 0), ERRNO(EPERM));
}

static void test_other_architectures(void **state)
{
	(void)state;
	for (int nr = 0; nr < NUMBERS; nr++)
		assert_int_equal(verdict(true, I386, nr, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),     cmocka_unit_test(test_worker),
		cmocka_unit_test(test_listener),  cmocka_unit_test(test_count),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_other_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
