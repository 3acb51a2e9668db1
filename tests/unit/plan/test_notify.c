// SPDX-License-Identifier: Apache-2.0
/* Filters that tell a listener, against the filter they are made of, by the tests' own machine. */
#include "tests/unit/plan/filter_lab.h"

#include <errno.h>
#include <sys/syscall.h>

#include "plan/filter/notify.h"

#define NOTIF SECCOMP_RET_USER_NOTIF
#define CLONE3 435

static struct crl_sysgroups groups;
static struct crl_filter plain, told, learned;
static struct crl_callset core;

static int setup(void **state)
{
	const struct crl_seccomp wish = lab_wish(), core_wish = {.base = "@core"};
	struct crl_err err = {0};

	(void)state;
	if (lab_load_groups(&groups) < 0)
		return -1;
	assert_int_equal(crl_filter_compile(&wish, &groups, lab_here(0), &plain, &err), 0);
	assert_int_equal(crl_callset_build(&core_wish, &groups, &core, &err), 0);
	assert_int_equal(crl_notify_rewrite(&plain, NULL, &told, &err), 0);
	assert_int_equal(crl_notify_rewrite(&plain, &core, &learned, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

static const uint32_t archs[] = {X86_64, I386, AUDIT_ARCH_AARCH64, 0};
static const uint64_t words[] = {0, 1, 2, 16, 0x5412, 0x7e020000, UINT32_MAX, UINT64_MAX};

static void each_vector(void (*look)(const struct seccomp_data *d))
{
	for (size_t a = 0; a < CRL_ARRAY_LEN(archs); a++)
		for (int nr = -2; nr < 700; nr++)
			for (size_t w = 0; w < CRL_ARRAY_LEN(words); w++)
				look(&(const struct seccomp_data){
					.arch = archs[a],
					.nr = nr >= 600 ? nr - 600 + 0x40000000 : nr,
					.args = {words[w], words[(w + 3) % CRL_ARRAY_LEN(words)], words[w]}});
}

/* keeps: plan/filter/notify R1 */
static void look_at_verdict(const struct seccomp_data *d)
{
	assert_int_equal(crl_notify_verdict(&plain, d), lab_run(&plain, d));
}

static void test_verdict(void **state)
{
	(void)state;
	each_vector(look_at_verdict);
}

/* keeps: plan/filter/notify R3 */
static void look_at_told(const struct seccomp_data *d)
{
	uint32_t was = lab_run(&plain, d), is = lab_run(&told, d);

	if (d->nr == CLONE3)
		assert_int_equal(is, ERRNO(ENOSYS));
	else if ((was & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		assert_int_equal(is, NOTIF);
	else
		assert_int_equal(is, was);
}

static void test_refusals_are_told(void **state)
{
	(void)state;
	each_vector(look_at_told);
}

/* What is not of the core is told, what is follows the filter: nothing is let that it refuses. */
static void look_at_learned(const struct seccomp_data *d)
{
	uint32_t was = lab_run(&plain, d), is = lab_run(&learned, d);
	bool in_core = d->arch == seccomp_arch_native() && d->nr >= 0 && d->nr <= CRL_CALL_MAX &&
		       crl_verdict_lets(crl_callset_verdict(&core, d->nr));

	if (d->nr == CLONE3 && d->arch == seccomp_arch_native())
		assert_int_equal(is, ERRNO(ENOSYS));
	else if (!in_core)
		assert_int_equal(is, NOTIF);
	else
		assert_true(is == was || is == NOTIF);
	if (is == ALLOW)
		assert_int_equal(was, ALLOW);
}

static void test_learning(void **state)
{
	(void)state;
	each_vector(look_at_learned);
}

/* Until the listener is with the room's, the module makes these and no other. */
static void test_module_needs(void **state)
{
	static const int needed[] = {__NR_sendmsg, __NR_close, __NR_exit_group, __NR_read, __NR_write};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(needed); i++) {
		const struct seccomp_data d = {.arch = seccomp_arch_native(), .nr = needed[i]};

		assert_int_equal(lab_run(&learned, &d), ALLOW);
		assert_int_equal(lab_run(&told, &d), ALLOW);
	}
}

/* keeps: plan/filter/notify R2 */
static void test_nonsense_is_refused(void **state)
{
	static const struct sock_filter bad[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, sizeof(struct seccomp_data)},
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, 3},
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, UINT32_MAX},
		{BPF_LD | BPF_MEM, 0, 0, BPF_MEMWORDS},
		{BPF_ST, 0, 0, BPF_MEMWORDS},
		{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0},
		{BPF_JMP | BPF_JA, 0, 0, UINT32_MAX},
		{0xffff, 0, 0, 0},
	};
	static struct crl_filter f;
	const struct seccomp_data d = {.nr = 1};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		f.len = 2;
		f.insn[0] = bad[i];
		f.insn[1] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, ALLOW};
		assert_int_equal(crl_notify_verdict(&f, &d), SECCOMP_RET_KILL_PROCESS);
	}
	f.len = 0;
	assert_int_equal(crl_notify_verdict(&f, &d), SECCOMP_RET_KILL_PROCESS);
}

static void test_too_long(void **state)
{
	static struct crl_filter f, out;
	struct crl_err err = {0};

	(void)state;
	f.len = CRL_FILTER_MAX - 2;
	for (uint32_t i = 0; i < f.len; i++)
		f.insn[i] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, ALLOW};
	assert_int_equal(crl_notify_rewrite(&f, NULL, &out, &err), -E2BIG);
	assert_int_equal(out.len, 0);
	f.len = CRL_FILTER_MAX - 3;
	assert_int_equal(crl_notify_rewrite(&f, NULL, &out, &err), 0);
}

static void test_values(void **state)
{
	const struct seccomp_data sock = {.arch = X86_64, .nr = 41, .args = {2, 0x80801, 0}},
				  io = {.arch = X86_64, .nr = 16, .args = {7, 0xdead00005412, 0}},
				  fork = {.arch = X86_64, .nr = 56, .args = {0x1200011}},
				  other = {.arch = X86_64, .nr = 0, .args = {3}};
	uint64_t value = 0;

	(void)state;
	assert_true(crl_notify_value(&sock, &value));
	assert_int_equal(value, 0x20001);
	assert_true(crl_notify_value(&io, &value));
	assert_int_equal(value, 0x5412);
	assert_true(crl_notify_value(&fork, &value));
	assert_int_equal(value, 0x1200000);
	assert_false(crl_notify_value(&other, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict),  cmocka_unit_test(test_refusals_are_told),
		cmocka_unit_test(test_learning), cmocka_unit_test(test_module_needs),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
