// SPDX-License-Identifier: Apache-2.0
/*
 * Files: the main file, drop-ins and shipped policies, and what a damaged or hostile file may cost. Root is
 * not needed, except for the case that says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/filter/sysgroups.h"
#include "tests/unit/policy/lsan.h"
#include "tests/unit/scratch.h"

#ifdef __SANITIZE_ADDRESS__
#define LIMIT_S 20 /* the sanitizers' own cost is not what is measured */
#else
#define LIMIT_S 1
#endif

/* Whole seconds; CARREL_PATIENCE=9 stands for an emulated processor, and 3 for one of this time. */
static time_t limit_s(void)
{
	const char *patience = getenv("CARREL_PATIENCE");
	long times = patience ? strtol(patience, NULL, 10) / 3 : 1;

	return LIMIT_S * (times > 1 ? times : 1);
}

static const char sample[] = "rules = ( { group = \"wheel\"; policy = \"admin\"; },\n"
			     "  { user = \"a\"; service = \"sshd\"; policy = \"p\"; }, // two conditions\n"
			     "  { policy = \"p\"; } );\n"
			     "policies = { p = { inherit = \"q\"; root = { hide_add = [ \"/a\" ]; bind = ( { "
			     "source = \"/s\"; target = \"/t\"; } ); };\n"
			     "  limits = { cpu = \"200%\"; io = ( { path = \"/\"; read = \"1M\"; } ); }; "
			     "hostname = \"%u\\\"\\\\\"; };\n"
			     "  /* the parent */ q = { ptys = 7; seccomp = { deny = [ \"@x\" ]; }; }; };\n"
			     "cgroup = { root = \"/sys/fs/cgroup\"; };\n";

static int load(struct crl_config **ret, struct crl_err *err)
{
	*ret = NULL;
	*err = (struct crl_err){0};
	return crl_config_load(at("carrel.conf"), ret, err);
}

static void refused(int code, const char *file, int line, const char *part)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	int rc = load(&c, &err);

	if (rc == 0)
		rc = crl_config_check_all(c, &err);
	crl_config_free(c);
	if (rc != -code || !strstr(err.text, part) || (file && strcmp(err.file, at(file)) != 0) || err.line != line) {
		fail_msg("%d %s:%d: %s, expected %d %s:%d: %s", rc, err.file, err.line, err.text, -code,
			 file ? file : "", line, part);
	}
}

static void remove_file(const char *name)
{
	assert_int_equal(unlink(at(name)), 0);
}

/* @want  what the error of a configuration that cannot be loaded says of whom to ask */
static void contact_is(const char *text, const char *want)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	write_file("carrel.conf", text);
	if (load(&c, &err) == 0)
		fail_msg("loaded: %s", text);
	assert_string_equal(err.contact, want);
}

/* They are left out before libconfig reads the file: lines keep their numbers, words stay apart, texts stay whole. */
static void test_comments(void **state)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	write_file("carrel.conf",
		   "# one /* no comment */ \"\n/* two\n three */ contact/* four */=/**/\"/* a */ # b // c\" "
		   "; // five\n/**/rules/*\n\n*/= ( { policy/**/ = \"p\"; } ); // the end");
	assert_int_equal(load(&c, &err), 0);
	assert_string_equal(crl_config_contact(c), "/* a */ # b // c");
	assert_int_equal(crl_config_rules(c)->len, 1);
	assert_int_equal(crl_config_rules(c)->item[0].line, 6);
	crl_config_free(c);
	write_file("carrel.conf", "// 1\n/* 2\n3\n */ pty/**/s = 4;\n");
	refused(EINVAL, "carrel.conf", 4, "expected \"key = value;\"");
	write_file("carrel.conf", "/* 1\n2 */ # 2\nnonsense = 1; /* 3 */\n");
	refused(EINVAL, "carrel.conf", 3, "nonsense");
	contact_is("/* 1 */ # 2\ncontact = \"4321\"; /* no end\n", "4321");
	contact_is("/*\n\n\n\n", "");
	contact_is("/* 1 */ nonsense = @;\n# 2\ncontact = \"4321\";\n", "4321"); /* behind the fault */
}

static void test_contact(void **state)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	write_file("carrel.conf", "contact = \"Täglich: 4321\";\n");
	assert_int_equal(load(&c, &err), 0);
	assert_string_equal(crl_config_contact(c), "Täglich: 4321");
	crl_config_free(c);
	write_file("carrel.conf", "contact = \"\";\n");
	assert_int_equal(load(&c, &err), 0);
	assert_string_equal(crl_config_contact(c), "");
	crl_config_free(c);
	/* Whatever else is wrong; in what cannot be parsed it is looked for at the beginning of a line. */
	contact_is("nonsense = 1;\ncontact = \"4321\";\n", "4321");
	contact_is("rules = ( { user = 5; } );\ncontact = \"4321\";\n", "4321");
	contact_is("contact = \"4321\";\nnonsense = ;\n", "4321");
	contact_is("nonsense = ;\n\t contact:\"Täglich: 4321\";\n", "Täglich: 4321");
	contact_is("contact = \"4321\";\npolicies = { p = { };\n", "4321"); /* a bracket is not closed */
	contact_is("policies = { p = { }\n// contact = \"1\";\ncontacts = \"2\";\ncontact = \"4321\";\n", "4321");
	contact_is("nonsense = ; contact = \"4321\";\n", "");
	contact_is("nonsense = ;\ncontact = \"4321\n", "");
	contact_is("nonsense = ;\ncontact = \"\xff\";\n", "");
	contact_is("nonsense = ;\ncontact = \"\xe2\x80\xae\";\n", "");
	contact_is("contact = \"\\x1b[2J\";\n", "");
	contact_is("contact = \"\xe2\x80\xae\";\n", "");
	contact_is("contact = 4321;\n", "");
	write_file("policy.d/10-a.conf", "nonsense = ;\n");
	contact_is("contact = \"4321\";\n", "4321");
	write_file("policy.d/10-a.conf", "contact = \"4321\";\n");
	contact_is("", "");
	refused(EINVAL, "policy.d/10-a.conf", 0, "contact: found in a drop-in, expected only in the main file");
	remove_file("policy.d/10-a.conf");
}

/* A configuration that is good tells no error, whatever is not there beside it. */
static void test_no_dropins(void **state)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(mkdir(at("alone"), 0755), 0);
	write_file("alone/carrel.conf", "policies = { one = { }; };\n");
	assert_int_equal(crl_config_load(at("alone/carrel.conf"), &c, &err), 0);
	assert_int_equal(err.code, 0);
	assert_string_equal(err.text, "");
	crl_config_free(c);
}

static void test_dropins(void **state)
{
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	const struct crl_rules *rules;

	(void)state;
	write_file("carrel.conf", "rules = ( { user = \"m\"; policy = \"one\"; } );\ncgroup = { root = \"/cg\"; };\n");
	write_file("policy.d/20-b.conf",
		   "rules = ( { user = \"b\"; policy = \"two\"; } );\npolicies = { two = { }; };\n");
	write_file("policy.d/10-a.conf", "rules = ( { policy = \"one\"; } );\npolicies = { one = { }; };\n");
	write_file("policy.d/.#x.conf", "not a configuration");
	write_file("policy.d/readme.txt", "not a configuration");
	if (load(&c, &err) < 0)
		fail_msg("%s:%d: %s", err.file, err.line, err.text);
	rules = crl_config_rules(c);
	assert_int_equal(rules->len, 3);
	assert_string_equal(rules->item[0].is[CRL_COND_USER].item[0], "m");
	assert_int_equal(rules->item[1].is[CRL_COND_USER].len, 0);
	assert_string_equal(rules->item[2].is[CRL_COND_USER].item[0], "b");
	assert_string_equal(rules->item[2].file, at("policy.d/20-b.conf"));
	assert_int_equal(rules->item[2].line, 1);
	assert_string_equal(crl_config_cgroup_root(c), "/cg");
	assert_string_equal(crl_config_data_dir(c), CRL_DATA_DIR);
	assert_string_equal(crl_config_store(c), CRL_STORE_DIR);
	assert_int_equal(crl_config_check_all(c, &err), 0);
	crl_config_free(c);

	write_file("policy.d/20-b.conf", "policies = {\none = { }; };\n");
	refused(EINVAL, "policy.d/20-b.conf", 2, "policies.one: also defined at");
	write_file("policy.d/20-b.conf", "data_dir = \"/x\";\n");
	refused(EINVAL, "policy.d/20-b.conf", 0, "only in the main file");
	write_file("policy.d/20-b.conf", "store = \"/x\";\n");
	refused(EINVAL, "policy.d/20-b.conf", 0, "store: found in a drop-in, expected only in the main file");
	write_file("policy.d/20-b.conf", "\nnonsense = 1;\n");
	refused(EINVAL, "policy.d/20-b.conf", 2, "unknown key");
	write_file("policy.d/20-b.conf", "grace = \"5s\";\n"); /* known, and at another place */
	refused(EINVAL, "policy.d/20-b.conf", 1, "unknown key \"grace\", which is a key of policies");
	write_file("policy.d/20-b.conf", "policies = { two = { acknowledged = [ ]; }; };\n");
	refused(EINVAL, "policy.d/20-b.conf", 1, "unknown key \"acknowledged\", which stands beside policies");
	write_file("policy.d/20-b.conf", "policies = { two = { tty = \"ssh\"; }; };\n");
	refused(EINVAL, "policy.d/20-b.conf", 1, "unknown key \"tty\", which is a key of rules");
	write_file("policy.d/20-b.conf", "policies = { two = { network.mode = \"host\"; }; };\n");
	refused(EINVAL, "policy.d/20-b.conf", 1, "expected a key within its group: network = { mode = ...; };");
	assert_int_equal(chmod(at("policy.d/20-b.conf"), 0666), 0);
	refused(EPERM, NULL, 0, "mode 0666");
	remove_file("policy.d/20-b.conf");
	remove_file("policy.d/10-a.conf");
	assert_int_equal(chmod(at("policy.d"), 0777), 0);
	refused(EPERM, NULL, 0, "directory \"policy.d\"");
	assert_int_equal(chmod(at("policy.d"), 0755), 0);
}

static void test_shipped(void **state)
{
	scoped_free char *text = NULL;

	(void)state;
	assert_true(asprintf(&text, "data_dir = \"%s/data\";\nrules = (\n{ policy = \"vendor\"; } );\n", scratch) > 0);
	write_file("carrel.conf", text);
	refused(ENOENT, "carrel.conf", 3, "no policy \"vendor\"");
	write_file("data/policies/vendor.conf", "policies = { vendor = { ptys = 9; }; };\n");
	refused(0, NULL, 0, "");
	write_file("data/policies/vendor.conf", "policies = { other = { ptys = 9; }; };\n");
	refused(EINVAL, "data/policies/vendor.conf", 0, "nothing but policies");
	write_file("data/policies/vendor.conf", "policies = { vendor = { }; other = { }; };\n");
	refused(EINVAL, "data/policies/vendor.conf", 0, "nothing but policies");
	write_file("data/policies/vendor.conf", "policies = { vendor = { }; };\nrules = ( );\n");
	refused(EINVAL, "data/policies/vendor.conf", 0, "nothing but policies");
	write_file("data/policies/vendor.conf", "policies = { vendor = {\ninherit = \"vendor\"; }; };\n");
	refused(ELOOP, "data/policies/vendor.conf", 2, "vendor > vendor");
	write_file("data/policies/vendor.conf", "policies = { vendor = { }; };\n");
	assert_int_equal(chmod(at("data/policies/vendor.conf"), 0622), 0);
	refused(EPERM, "carrel.conf", 3, "mode 0622");
	remove_file("data/policies/vendor.conf");
}

static void test_missing(void **state)
{
	(void)state;
	(void)unlink(at("carrel.conf"));
	refused(ENOENT, NULL, 0, "carrel.conf");
}

static int parse_bytes(const char *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	int rc;

	assert_non_null(text);
	memcpy(text, bytes, len);
	text[len] = '\0';
	rc = crl_source_parse("test", text, len, &s, &err);
	free(text);
	if (rc == 0)
		rc = crl_config_from_source(s, &c, &err);
	if (rc == 0)
		rc = crl_config_check_all(c, &err);
	crl_config_free(c);
	assert_int_equal(rc, -err.code);
	return rc;
}

static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(sample); len++) {
		int rc = parse_bytes(sample, len);

		assert_true(rc == 0 || rc == -EINVAL || rc == -ENOENT);
	}
}

static void test_every_byte_changed(void **state)
{
	static const char others[] = {'\0', '"', '{', ')', '/', '*', '@', '9', '\n', (char)0xff};
	char text[sizeof(sample)];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(sample); i++) {
		for (size_t j = 0; j < sizeof(others); j++) {
			memcpy(text, sample, sizeof(sample));
			text[i] = others[j];
			(void)parse_bytes(text, sizeof(sample) - 1); /* no crash; the code was compared inside */
		}
	}
}

/* As much of one pattern as a file may hold, parsed in less than a second and 64 MiB. */
static void test_worst_cases(void **state)
{
	static const char *const patterns[] = {
		" ",
		"\n",
		"/* */",
		"//\n",
		"a",
		"a=1;",
		"\"",
		"\"a\"",
		"(",
		"{",
		"[",
		"a={",
		"a=({},",
		"1,",
		"\\",
		"-",
		"policies={p={ptys=1;};};",
		"\"a\",",
		"#",
		"\t@",
		"/*",
		"=",
		";",
	};
	struct rusage usage;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(patterns); i++) {
		scoped_free char *text = malloc(CRL_CONFIG_SIZE_MAX);
		size_t len = strlen(patterns[i]);
		struct timespec start;
		struct timespec end;

		assert_non_null(text);
		for (size_t j = 0; j < CRL_CONFIG_SIZE_MAX; j++)
			text[j] = patterns[i][j % len];
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
		(void)parse_bytes(text, CRL_CONFIG_SIZE_MAX);
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		if (end.tv_sec - start.tv_sec > limit_s())
			fail_msg("\"%s\" over and over takes longer than %jd s", patterns[i], (intmax_t)limit_s());
	}
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
#ifndef __SANITIZE_ADDRESS__
	assert_true(usage.ru_maxrss < 64 * 1024);
#endif
}

/* The most settings that pass: unique names, so that libconfig compares each with all of its group. */
static void test_many_settings(void **state)
{
	scoped_free char *text = malloc(CRL_CONFIG_SIZE_MAX);
	size_t len = 0;
	struct timespec start;
	struct timespec end;

	(void)state;
	for (int group = 0; group < 31; group++) {
		len += (size_t)sprintf(text + len, "g%d={", group);
		for (int i = 0; i < 500; i++)
			len += (size_t)sprintf(text + len, "a_lengthy_prefix_%d=1;", i);
		len += (size_t)sprintf(text + len, "};\n");
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	assert_int_equal(parse_bytes(text, len), -EINVAL);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	print_message("%.3f s\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	assert_true(end.tv_sec - start.tv_sec <= limit_s());
}

static int load_groups(const char *text, struct crl_sysgroups *g, struct crl_err *err)
{
	write_file("syscalls.conf", text);
	*err = (struct crl_err){0};
	return crl_sysgroups_load(at("syscalls.conf"), g, err);
}

static void test_sysgroups(void **state)
{
	static const struct {
		const char *text;
		const char *part;
		int line;
	} wrong[] = {
		{"", "groups: missing", 0},
		{"groups = ( { name = \"@a\"; answer = \"eperm\"; } );", "groups.calls: missing", 1},
		{"groups = ( { name = \"a\"; answer = \"eperm\"; calls = [ ]; } );", "groups.name", 1},
		{"groups = ( { name = \"@a\"; answer = \"kill\"; calls = [ ]; } );", "groups.answer", 1},
		{"groups = ( { name = \"@a\"; answer = \"eperm\"; calls = [ \"Read\" ]; } );", "groups.calls", 1},
		{"groups = (\n{ name = \"@a\"; answer = \"eperm\"; calls = [ \"@b\" ]; } );", "unknown group \"@b\"",
		 2},
		{"groups = ( { name = \"@a\"; answer = \"eperm\"; calls = [ ]; },\n"
		 "{ name = \"@a\"; answer = \"eperm\"; calls = [ ]; } );",
		 "\"@a\" twice", 2},
		{"groups = ( 5 );", "list of groups", 1},
	};
	struct crl_sysgroups g = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(load_groups("groups = ( { name = \"@a\"; answer = \"allow\"; calls = ( \"read\", "
				     "\"?new_call\", \"@b-c\" ); },\n"
				     "{ name = \"@b-c\"; answer = \"enosys\"; calls = [ \"write\" ]; } );\n",
				     &g, &err),
			 0);
	assert_int_equal(g.len, 2);
	assert_int_equal(crl_sysgroups_find(&g, "@a")->answer, CRL_ANSWER_ALLOW);
	assert_int_equal(crl_sysgroups_find(&g, "@a")->calls.len, 3);
	assert_int_equal(crl_sysgroups_find(&g, "@b-c")->answer, CRL_ANSWER_ENOSYS);
	assert_null(crl_sysgroups_find(&g, "@c"));
	crl_sysgroups_done(&g);
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		int rc = load_groups(wrong[i].text, &g, &err);

		if (rc != -EINVAL || !strstr(err.text, wrong[i].part) || err.line != wrong[i].line)
			fail_msg("%s: %d %d: %s", wrong[i].text, rc, err.line, err.text);
	}
	assert_int_equal(chmod(at("syscalls.conf"), 0666), 0);
	assert_int_equal(crl_sysgroups_load(at("syscalls.conf"), &g, &err), -EPERM);
}

static int make_top(void **state)
{
	return scratch_make(state) == 0 && mkdir(at("policy.d"), 0755) == 0 && mkdir(at("data"), 0755) == 0 &&
			       mkdir(at("data/policies"), 0755) == 0
		       ? 0
		       : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_dropins),        cmocka_unit_test(test_dropins),
		cmocka_unit_test(test_comments),          cmocka_unit_test(test_contact),
		cmocka_unit_test(test_shipped),           cmocka_unit_test(test_missing),
		cmocka_unit_test(test_cut_at_every_byte), cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_worst_cases),       cmocka_unit_test(test_many_settings),
		cmocka_unit_test(test_sysgroups),
	};

	return cmocka_run_group_tests(tests, make_top, scratch_remove);
}
