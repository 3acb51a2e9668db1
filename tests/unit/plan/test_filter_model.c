// SPDX-License-Identifier: Apache-2.0
/*
 * Every call number of three architectures, for each shipped policy and some hundred random ones: what the program says
 * is what docs/seccomp.md says, what libseccomp makes of the same, and what the kernel can work out beforehand.
 */
#include "tests/unit/plan/filter_model.h"

#include <sys/mman.h>

#include "tests/unit/policy/policytext.h"

#define RANDOM_POLICIES 400
#define PATTERNS 3 /* of arguments, for a call without a rule */
#define PATTERNS_RULE 60

static struct crl_sysgroups groups;
static struct model model;
static struct crl_filter f;
static struct model_numbers numbers[3] = {{.arch = X86_64}, {.arch = I386}, {.arch = AARCH64}};
static uint64_t seed, cases, constant;
static char own_base[] = "@own-base";

static int prepare(void **state)
{
	(void)state;
	if (lab_load_groups(&groups) < 0)
		return -1;
	model_init(&model, &groups);
	for (size_t i = 0; i < CRL_ARRAY_LEN(numbers); i++)
		model_number(&model, numbers[i].arch, &numbers[i]);
	seed = lab_seed();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

static const struct model_numbers *numbers_of(uint32_t arch)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(numbers); i++)
		if (numbers[i].arch == arch)
			return &numbers[i];
	return NULL;
}

/*
 * The kernel's seccomp_is_const_allow(), as of Linux 5.11 to 6.18: what it can follow without arguments.
 * Returns false where the program wants one, or has an instruction that is not followed.
 */
static bool is_constant(uint32_t arch, uint32_t nr, uint32_t *ret)
{
	uint32_t a = 0;

	for (uint32_t pc = 0; pc < f.len; pc++) {
		const struct sock_filter *i = &f.insn[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k == offsetof(struct seccomp_data, nr))
				a = nr;
			else if (i->k == offsetof(struct seccomp_data, arch))
				a = arch;
			else
				return false;
			break;
		case BPF_RET | BPF_K:
			*ret = i->k;
			return true;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		default:
			return false;
		}
	}
	return false;
}

static void describe(char *text, size_t size, const char *list, const struct crl_strv *v)
{
	size_t len = strlen(text);

	len += (size_t)snprintf(text + len, size - len, "%s", list);
	for (size_t i = 0; i < v->len && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, " %s", v->item[i]);
}

static void complain(uint32_t arch, uint32_t nr, const uint64_t args[6], uint32_t got, uint32_t want)
{
	char text[4096] = "";

	describe(text, sizeof(text), "allow", &model.s->allow);
	describe(text, sizeof(text), ", deny", &model.s->deny);
	describe(text, sizeof(text), ", families", &model.s->families);
	for (enum crl_args_call call = 0; call < CRL_ARGS_COUNT; call++)
		if (model.s->args[call].len > 0)
			describe(text, sizeof(text), ", args", &model.s->args[call]);
	for (size_t i = 0; i < model.s->answers_len; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, ", answer %#x",
			       crl_verdict_action(model.s->answers[i].answer));
		describe(text, sizeof(text), " to", &model.s->answers[i].calls);
	}
	fail_msg("call %u of %#x(%#jx, %#jx, %#jx, .., %#jx) is %#x, not %#x; base %s, %s, compat %d, users %d %d, "
		 "setns %#x, projects %d, mode %d",
		 nr, arch, (uintmax_t)args[0], (uintmax_t)args[1], (uintmax_t)args[2], (uintmax_t)args[4], got, want,
		 model.s->base, text, model.s->compat, model.s->joins_users, model.s->nested, model.room.setns_flags,
		 model.room.holds_projects, (int)model.s->mode);
}

static void check_number(uint32_t arch, uint32_t nr, int call, int patterns)
{
	const uint64_t none[6] = {0};
	uint64_t args[6] = {0};
	uint32_t want, got, beforehand = 0;
	bool guarded;

	want = model_verdict(&model, call, none, &guarded);
	if (is_constant(arch, nr, &beforehand) != !guarded || (!guarded && beforehand != want))
		fail_msg("call %u of %#x: the kernel cannot tell beforehand", nr, arch);
	constant += !guarded && want == ALLOW;
	for (int i = 0; i < (guarded ? PATTERNS_RULE : patterns); i++, cases++) {
		want = model_verdict(&model, call, args, &guarded);
		got = lab_ask(&f, arch, (int)nr, args);
		if (got != want)
			complain(arch, nr, args, got, want);
		model_args(&model, &seed, args);
	}
}

static void check_arch(uint32_t arch, bool open)
{
	static const uint32_t edges[] = {MODEL_NUMBERS, 4096,       65535,      65536,
					 0x3fffffff,    0x7fffffff, 0xfffffffe, UINT32_MAX};
	const struct model_numbers *n = numbers_of(arch);

	for (uint32_t nr = 0; nr < MODEL_NUMBERS; nr++)
		check_number(arch, nr, open && n ? n->call[nr] : -1, PATTERNS);
	for (uint32_t nr = 0; nr < 600; nr++) { /* x32, and what looks like it */
		check_number(arch, nr | 0x40000000, -1, 1);
		check_number(arch, nr | 0x80000000, -1, 1);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(edges); i++)
		check_number(arch, edges[i], -1, PATTERNS);
	for (uint32_t back = 0; back < 64; back++) /* -1, and libseccomp's own negative numbers */
		check_number(arch, -back, back ? -1 : open && n ? n->call[0] : -1, 1);
}

/* Returns false when there is no such filter, on which both have to agree. */
static bool check_policy(const struct crl_seccomp *s, struct crl_filter_room room, const struct model_arch *arch)
{
	static const uint32_t others[] = {X86_64, I386, AARCH64, AUDIT_ARCH_ARM, 0, UINT32_MAX, X86_64 ^ 1};
	struct crl_err err = {0};
	int rc;

	room.arch = arch->native;
	model_policy(&model, s, &room, arch);
	rc = crl_filter_compile(s, &groups, &room, &f, &err);
	if (rc < 0 && rc != -EINVAL)
		fail_msg("%s", err.text);
	if ((rc == 0) != model_is_valid(&model))
		fail_msg("%s: %s", rc < 0 ? "refused" : "taken", err.text);
	if (rc < 0)
		return false;
	lab_check_form(&f);
	check_arch(arch->native, true);
	for (size_t i = 0; i < CRL_ARRAY_LEN(others); i++) {
		if (others[i] == arch->compat && s->compat)
			check_arch(arch->compat, true);
		else if (others[i] != arch->native)
			for (uint32_t nr = 0; nr < MODEL_NUMBERS; nr += 7)
				check_number(others[i], nr, -1, 1);
	}
	return true;
}

/* keeps: plan/filter/filter R1 R3 */
static void test_shipped(void **state)
{
	scoped_free char *all = shipped_policies();

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		scoped(crl_policy) p = {0};

		assert_int_equal(policy_from_text(all, shipped_names[i], &p, NULL), 0);
		for (size_t a = 0; p.seccomp.base[0] && a < CRL_ARRAY_LEN(model_arches); a++) {
			cases = constant = 0;
			assert_true(check_policy(&p.seccomp, (struct crl_filter_room){.setns_flags = 0x24020000},
						 &model_arches[a]));
			print_message("%-9s on %#x: %u instructions, %ju cases, %ju calls always allowed\n",
				      shipped_names[i], model_arches[a].native, f.len, (uintmax_t)cases,
				      (uintmax_t)constant);
			assert_true(check_policy(
				&p.seccomp, (struct crl_filter_room){.setns_flags = 0x20000, .holds_projects = true},
				&model_arches[a]));
			assert_true(check_policy(&p.seccomp, (struct crl_filter_room){0}, &model_arches[a]));
		}
	}
}

/* A name, now and then a group, that a list may have. */
static const char *any_item(void)
{
	static const char *const likely[] = {
		"clone", "unshare", "personality", "ioctl",      "socket",          "socketpair", "fcntl",
		"setns", "mount",   "ipc",         "socketcall", "perf_event_open", "fcntl64",    "inotify_add_watch"};

	switch (lab_random(&seed) % 5) {
	case 0:
		return groups.item[lab_random(&seed) % groups.len].name;
	case 1:
		return likely[lab_random(&seed) % CRL_ARRAY_LEN(likely)];
	default:
		return model.call[lab_random(&seed) % model.len].name;
	}
}

static void any_list(struct crl_strv *list, uint32_t most)
{
	for (uint32_t n = lab_random(&seed) % most; n > 0; n--) {
		char item[64];

		(void)snprintf(item, sizeof(item), "%s", any_item());
		if (item[0] != '@' && lab_random(&seed) % 16 == 0)
			(void)snprintf(item, sizeof(item), "?%s", model.call[lab_random(&seed) % model.len].name);
		assert_int_equal(crl_strv_add(list, item), 0);
	}
}

/* A base of an administrator's own: about half of all calls, and what cannot be left out. */
static struct crl_sysgroup any_base(void)
{
	struct crl_sysgroup base = {.name = own_base, .answer = CRL_ANSWER_ALLOW};

	for (size_t i = 0; i < model.len; i++) {
		const char *name = model.call[i].name;
		bool must = strncmp(name, "set", 3) == 0 || strcmp(name, "capset") == 0;
		bool may = strcmp(name, "clone3") != 0 && seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;

		if (must || (may && lab_random(&seed) % 2))
			assert_int_equal(crl_strv_add(&base.calls, name), 0);
	}
	return base;
}

static void any_args(struct crl_seccomp *s)
{
	for (enum crl_args_call call = 0; call < CRL_ARGS_COUNT; call++) {
		bool denies = lab_random(&seed) % 2;

		if (lab_random(&seed) % 4)
			continue;
		for (int n = 0; n < 8; n++) {
			const struct model_item *item = &model_items[lab_random(&seed) % CRL_ARRAY_LEN(model_items)];
			char text[64];

			(void)snprintf(text, sizeof(text), "%s%s", denies ? "!" : "", item->text);
			if (item->call == call)
				assert_int_equal(crl_strv_add(&s->args[call], text), 0);
		}
	}
}

static void any_answers(struct crl_seccomp *s)
{
	size_t len = lab_random(&seed) % 3;

	s->answers = calloc(3, sizeof(*s->answers));
	assert_non_null(s->answers);
	for (size_t i = 0; i < len; i++) {
		struct crl_answers *a = &s->answers[s->answers_len++];

		a->answer = CRL_ERRNO((uint16_t)(1 + lab_random(&seed) % 100));
		if (lab_random(&seed) % 3 == 0)
			a->answer = (struct crl_verdict){.kind = lab_random(&seed) % 2 ? CRL_VERDICT_LOG
										       : CRL_VERDICT_KILL};
		any_list(&a->calls, 10);
	}
}

static void policy_done(struct crl_seccomp *s)
{
	crl_strv_done(&s->allow);
	crl_strv_done(&s->deny);
	crl_strv_done(&s->families);
	for (size_t i = 0; i < CRL_ARGS_COUNT; i++)
		crl_strv_done(&s->args[i]);
	for (size_t i = 0; i < s->answers_len; i++)
		crl_strv_done(&s->answers[i].calls);
	free(s->answers);
}

static void any_policy(struct crl_seccomp *s, struct crl_filter_room *room)
{
	static const char *const families[] = {"unix", "inet", "inet6", "netlink", "packet", "can", "alg",
					       "ib",   "xdp",  "key",   "tipc",    "smc",    "kcm", "nfc"};

	*s = (struct crl_seccomp){
		.compat = lab_random(&seed) % 2,
		.joins_users = lab_random(&seed) % 4 == 0,
		.nested = lab_random(&seed) % 8 == 0,
		.mode = lab_random(&seed) % 6 == 0 ? CRL_FILTER_LOG : CRL_FILTER_ENFORCE,
	};
	(void)snprintf(s->base, sizeof(s->base), "%s", lab_random(&seed) % 3 ? "@login" : own_base);
	any_list(&s->allow, 12);
	any_list(&s->deny, lab_random(&seed) % 4 ? 12 : 120);
	if (lab_random(&seed) % 2) {
		any_args(s);
		any_answers(s);
	}
	for (uint32_t n = lab_random(&seed) % 8; n > 0; n--)
		assert_int_equal(crl_strv_add(&s->families, families[lab_random(&seed) % CRL_ARRAY_LEN(families)]), 0);
	*room = (struct crl_filter_room){
		.setns_flags = lab_random(&seed) % 4 ? 0x7e020080 & lab_random(&seed) : 0,
		.holds_projects = lab_random(&seed) % 4 == 0,
	};
}

/* keeps: plan/filter/set R2 R3 R4 */
static void test_random(void **state)
{
	uint32_t made = 0, refused = 0;

	(void)state;
	cases = constant = 0;
	groups.item = realloc(groups.item, (groups.len + 1) * sizeof(groups.item[0]));
	assert_non_null(groups.item);
	groups.len++;
	while (made < RANDOM_POLICIES) {
		struct crl_filter_room room;
		struct crl_seccomp s;

		groups.item[groups.len - 1] = any_base();
		any_policy(&s, &room);
		if (check_policy(&s, room, &model_arches[made % 4 == 3]))
			made++;
		else
			refused++;
		policy_done(&s);
		crl_strv_done(&groups.item[groups.len - 1].calls);
		assert_in_range(refused, 0, 20 * RANDOM_POLICIES);
	}
	groups.len--;
	print_message("%u policies and %u that are none, %ju cases\n", made, refused, (uintmax_t)cases);
}

/* Number @nr is libseccomp's to decide: a plain verdict, of a name that it knows, and not one that stands for many. */
static bool is_comparable(uint32_t arch, int nr, int call)
{
	scoped_free char *name = seccomp_syscall_resolve_num_arch(arch, nr);
	const uint64_t none[6] = {0};
	bool guarded;

	(void)model_verdict(&model, call, none, &guarded);
	return name && !guarded && strcmp(name, "socketcall") != 0 && strcmp(name, "ipc") != 0;
}

static void add_rules(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < model.len; i++) {
		int nr = seccomp_syscall_resolve_name(model.call[i].name); /* this machine's: it is translated */
		const uint64_t none[6] = {0};
		bool guarded;
		uint32_t want = model_verdict(&model, (int)i, none, &guarded);

		if (guarded || nr == __NR_SCMP_ERROR || want == ERRNO(ENOSYS))
			continue;
		assert_int_equal(
			seccomp_rule_add(ctx, want == ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(want & 0xffff), nr, 0),
			0);
	}
}

/* The same by libseccomp, with its tree, for the plain verdicts of a policy. */
static void compile_reference(struct crl_filter *ret)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	scoped_fd fd = memfd_create("reference", MFD_CLOEXEC);
	ssize_t size;

	assert_true(ctx && fd >= 0);
	assert_int_equal(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	assert_int_equal(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)), 0);
	if (seccomp_arch_native() != model.arch.native) {
		assert_int_equal(seccomp_arch_add(ctx, model.arch.native), 0);
		assert_int_equal(seccomp_arch_remove(ctx, seccomp_arch_native()), 0);
	}
	if (model.s->compat && model.arch.compat)
		assert_int_equal(seccomp_arch_add(ctx, model.arch.compat), 0);
	add_rules(ctx);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	size = pread(fd, ret->insn, sizeof(ret->insn), 0);
	assert_true(size > 0 && size % (ssize_t)sizeof(ret->insn[0]) == 0);
	ret->len = (uint32_t)size / sizeof(ret->insn[0]);
	seccomp_release(ctx);
}

static void compare_reference(const struct crl_filter *reference, uint32_t arch)
{
	const struct model_numbers *n = numbers_of(arch);

	for (int nr = 0; nr < MODEL_NUMBERS; nr++) {
		if (!is_comparable(arch, nr, n->call[nr]))
			continue;
		cases++;
		if (lab_ask(&f, arch, nr, NULL) != lab_ask(reference, arch, nr, NULL))
			fail_msg("%s on %#x: %#x, by libseccomp %#x", model.call[n->call[nr]].name, arch,
				 lab_ask(&f, arch, nr, NULL), lab_ask(reference, arch, nr, NULL));
	}
}

static void test_reference(void **state)
{
	static struct crl_filter reference;
	scoped_free char *all = shipped_policies();

	(void)state;
	cases = 0;
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		scoped(crl_policy) p = {0};

		assert_int_equal(policy_from_text(all, shipped_names[i], &p, NULL), 0);
		for (size_t a = 0; p.seccomp.base[0] && a < CRL_ARRAY_LEN(model_arches); a++) {
			struct crl_filter_room room = {.setns_flags = 0x20000, .arch = model_arches[a].native};

			model_policy(&model, &p.seccomp, &room, &model_arches[a]);
			assert_int_equal(crl_filter_compile(&p.seccomp, &groups, &room, &f, NULL), 0);
			compile_reference(&reference);
			compare_reference(&reference, model_arches[a].native);
			if (p.seccomp.compat && model_arches[a].compat)
				compare_reference(&reference, model_arches[a].compat);
			print_message("%-9s on %#x: %u instructions, by libseccomp %u without rules about arguments\n",
				      shipped_names[i], model_arches[a].native, f.len, reference.len);
		}
	}
	assert_in_range(cases, 3000, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_reference),
	};

	return cmocka_run_group_tests_name("plan/filter as documented", tests, prepare, finish);
}
