// SPDX-License-Identifier: Apache-2.0
/*
 * This machine's kernel as the oracle: shipped policies' filters are put in force with "allow" answered by an errno that
 * no call has, so that each call can really be made, by every number and at both doors, and none does anything. What the
 * kernel answers is what docs/seccomp.md says.
 */
#include "tests/unit/plan/filter_model.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/policy/policytext.h"

#define ALLOWED 4001 /* the errno that stands for "allow" */
#define KILLED 4002
#define VECTORS_MAX 60000
#define PATTERNS 3
#define PATTERNS_RULE 100
/* The kernel lets these two past every filter (from Linux 6.14 and 6.18 on): it makes the calls itself. */
#define URETPROBE 335
#define UPROBE 336

struct vector {
	uint64_t args[6];
	uint32_t arch, nr;
	uint32_t want;
	int64_t got;
};

/* Shared with the child, which can tell in no other way. */
static struct {
	volatile bool done;
	size_t len;
	struct vector vector[VECTORS_MAX];
} * table;

static struct crl_sysgroups groups;
static struct model model;
static const struct model_arch *machine; /* this one */
static struct model_numbers native, compat;
static uint64_t seed;

static int prepare(void **state)
{
	(void)state;
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED || lab_load_groups(&groups) < 0)
		return -1;
	model_init(&model, &groups);
	machine = &model_arches[seccomp_arch_native() == AARCH64];
	native.arch = machine->native;
	compat.arch = I386;
	model_number(&model, native.arch, &native);
	model_number(&model, compat.arch, &compat);
	seed = lab_seed();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return munmap(table, sizeof(*table));
}

/* As an errno, as the changed program has it. */
static uint32_t answer(uint32_t action)
{
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return action & SECCOMP_RET_DATA;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ? ALLOWED : KILLED;
}

static void without_effect(struct crl_filter *f)
{
	for (uint32_t i = 0; i < f->len; i++)
		if (f->insn[i].code == (BPF_RET | BPF_K))
			f->insn[i].k = ERRNO(answer(f->insn[i].k));
}

#if defined(__x86_64__)
static long call_native(const struct vector *v)
{
	register uint64_t r10 __asm__("r10") = v->args[3];
	register uint64_t r8 __asm__("r8") = v->args[4];
	register uint64_t r9 __asm__("r9") = v->args[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((uint64_t)v->nr), "D"(v->args[0]), "S"(v->args[1]), "d"(v->args[2]), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "memory", "rcx", "r11");
	return ret;
}

static long call_i386(const struct vector *v)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"((uint64_t)v->nr), "b"(v->args[0]), "c"(v->args[1]), "d"(v->args[2]), "S"(v->args[3]),
			   "D"(v->args[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

#elif defined(__aarch64__)
static long call_native(const struct vector *v)
{
	register uint64_t x8 __asm__("x8") = v->nr;
	register uint64_t x0 __asm__("x0") = v->args[0];
	register uint64_t x1 __asm__("x1") = v->args[1];
	register uint64_t x2 __asm__("x2") = v->args[2];
	register uint64_t x3 __asm__("x3") = v->args[3];
	register uint64_t x4 __asm__("x4") = v->args[4];
	register uint64_t x5 __asm__("x5") = v->args[5];

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return (long)x0;
}

static long call_i386(const struct vector *v)
{
	(void)v;
	return -ENOSYS; /* no door for 32-bit programs leads out of a 64-bit one */
}
#else
#error "how calls are made on this architecture"
#endif

/* From the filter on no call works, not even exit(): the child ends by a fault. */
static _Noreturn void child(struct crl_filter *f)
{
	struct sock_fprog program = {.len = (unsigned short)f->len, .filter = f->insn};

	/* A sanitizer's handler could neither tell nor end anything. */
	if (signal(SIGILL, SIG_DFL) == SIG_ERR || setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		_exit(1);
	for (size_t i = 0; i < table->len; i++) {
		struct vector *v = &table->vector[i];

		v->got = v->arch == native.arch ? call_native(v) : call_i386(v);
	}
	table->done = true;
	for (;;)
		__builtin_trap();
}

static bool has_i386(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(call_i386(&(struct vector){.nr = 20}) != getpid());
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void add(uint32_t arch, uint32_t nr, int call, int patterns)
{
	uint64_t args[6] = {0};
	bool guarded;

	if (arch == X86_64 && (nr == URETPROBE || nr == UPROBE))
		return;
	(void)model_verdict(&model, call, args, &guarded);
	for (int i = 0; i < (guarded ? PATTERNS_RULE : patterns); i++) {
		struct vector *v = &table->vector[table->len++];

		assert_in_range(table->len, 1, VECTORS_MAX);
		*v = (struct vector){.arch = arch, .nr = nr};
		memcpy(v->args, args, sizeof(args));
		v->want = answer(model_verdict(&model, call, args, &guarded));
		model_args(&model, &seed, args);
		for (size_t k = 0; arch == I386 && k < 6; k++)
			args[k] = (uint32_t)args[k];
	}
}

static void add_door(const struct model_numbers *n, bool open)
{
	for (uint32_t nr = 0; nr < 1100; nr++)
		add(n->arch, nr, open ? n->call[nr] : -1, PATTERNS);
	for (uint32_t nr = 0; nr < 600; nr++)
		add(n->arch, nr | 0x40000000, -1, 1);
	for (uint32_t i = 0; i < 32; i++) {
		add(n->arch, 1u << i | 1100, -1, 1);
		add(n->arch, -1 - i, -1, 1);
	}
}

static void check_policy(const struct crl_policy *p, const char *name, bool i386)
{
	static struct crl_filter f;
	const struct crl_filter_room room = {
		.setns_flags = 0x20020000, .holds_projects = true, .arch = machine->native};
	int status = 0;
	pid_t pid;

	model_policy(&model, &p->seccomp, &room, machine);
	assert_int_equal(crl_filter_compile(&p->seccomp, &groups, &room, &f, NULL), 0);
	without_effect(&f);
	table->len = 0;
	table->done = false;
	add_door(&native, true);
	if (i386)
		add_door(&compat, p->seccomp.compat);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(&f);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(table->done && WIFSIGNALED(status));
	for (size_t i = 0; i < table->len; i++) {
		const struct vector *v = &table->vector[i];

		if (v->got != -(int64_t)v->want)
			fail_msg("%s: call %u of %#x(%#jx, %#jx, %#jx, %#jx, %#jx) is %jd, not %d", name, v->nr,
				 v->arch, (uintmax_t)v->args[0], (uintmax_t)v->args[1], (uintmax_t)v->args[2],
				 (uintmax_t)v->args[3], (uintmax_t)v->args[4], (intmax_t)v->got, -(int)v->want);
	}
	print_message("%-9s %zu calls made\n", name, table->len);
}

static void test_shipped(void **state)
{
	scoped_free char *all = shipped_policies();
	bool i386 = has_i386();

	(void)state;
	if (!i386)
		print_message("this kernel has no 32-bit entry\n");
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		scoped(crl_policy) p = {0};

		assert_int_equal(policy_from_text(all, shipped_names[i], &p, NULL), 0);
		if (p.seccomp.base[0])
			check_policy(&p, shipped_names[i], i386);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests_name("plan/filter by the kernel", tests, prepare, finish);
}
