// SPDX-License-Identifier: Apache-2.0
/* A dump reads back to the same policy, and it shows every key; the table's defaults are crl_policy_init()'s.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/keys.h"
#include "policy/load.h"
#include "policy/source.h"

/* Every key away from its default. */
static const char everything[] =
	"share = \"user\"; on_close = \"keep\"; linger = \"90m\"; notice = false; hostname = \"%u-%h\";\n"
	"namespaces = [ \"mount\", \"pid\", \"uts\" ]; ptys = 3; no_new_privs = false;\n"
	"root = { mode = \"image\"; path = \"/srv/ro\\\"ot\\\\x\"; writable = true; hide = [ \"/a b\" ];\n"
	" read_only = [ \"/c\" ]; writable_paths = [ \"/d\" ]; run = [ \"/run/x\" ]; sockets = [ \"/srv/s\" ];\n"
	" bind = ( { source = \"/s\"; target = \"/t\"; writable = true; },\n"
	" { source = \"/s2\"; target = \"/t2\"; optional = true; } ); };\n"
	"tmp = { size = \"1G\"; }; home = { mode = \"overlay\"; lower = \"/l\"; lower_owner = \"keep\"; size = \"3M\"; };\n"
	"network = { mode = \"host\"; };\n"
	"limits = { cpu = \"150%\"; cpu_weight = 7; memory = \"5G\"; memory_high = \"8193K\"; swap = \"0\"; "
	"tasks = 9; rooms = 5; oom_score_adj = 77;\n"
	" io = ( { path = \"/\"; read = \"1M\"; }, { path = \"/x\"; write_iops = 4; } ); };\n"
	"capabilities = { bounding = [ \"net_raw\", \"cap_chown\" ]; inheritable = [ \"chown\" ]; };\n"
	"seccomp = { base = \"@x\"; allow = [ \"read\", \"@y\" ]; deny = [ \"@z\" ]; families = [ \"unix\" "
	"];\n"
	" compat = false; log = true; };\n"
	"features = { limits = \"off\"; time = \"prefer\"; cgroup = \"prefer\"; seccomp = \"off\";\n"
	" accounting = \"require\"; };\n";

static const char everything_dumped[] =
	"share = \"user\";\non_close = \"keep\";\nlinger = \"90m\";\nnotice = false;\nnamespaces = [ \"mount\", \"pid\", "
	"\"uts\" ];\n"
	"hostname = \"%u-%h\";\nroot = {\n\tmode = \"image\";\n\tpath = \"/srv/ro\\\"ot\\\\x\";\n\twritable "
	"= true;\n"
	"\thide = [ \"/a b\" ];\n\tread_only = [ \"/c\" ];\n\twritable_paths = [ \"/d\" ];\n\tbind = (\n"
	"\t\t{ source = \"/s\"; target = \"/t\"; writable = true; optional = false; },\n"
	"\t\t{ source = \"/s2\"; target = \"/t2\"; writable = false; optional = true; }\n\t);\n"
	"\trun = [ \"/run/x\" ];\n\tsockets = [ \"/srv/s\" ];\n};\ntmp = {\n\tsize = \"1G\";\n};\nptys = 3;\n"
	"home = {\n\tmode = \"overlay\";\n\tlower = \"/l\";\n\tlower_owner = \"keep\";\n\tsize = \"3M\";\n};\nnetwork = {\n\tmode = "
	"\"host\";\n};\n"
	"limits = {\n\tbudget = \"\";\n\tcpu = \"150%\";\n\tcpu_weight = 7;\n\tmemory = \"5G\";\n\tmemory_high = \"8193K\";\n"
	"\tswap = \"0\";\n\ttasks = 9;\n\trooms = 5;\n\toom_score_adj = 77;\n\tio = (\n"
	"\t\t{ path = \"/\"; read = \"1M\"; write = \"unlimited\"; read_iops = \"unlimited\"; write_iops = "
	"\"unlimited\"; },\n"
	"\t\t{ path = \"/x\"; read = \"unlimited\"; write = \"unlimited\"; read_iops = \"unlimited\"; "
	"write_iops = 4; }\n"
	"\t);\n};\ncapabilities = {\n\ttrim = true;\n\tbounding = [ \"chown\", \"net_raw\" ];\n"
	"\tinheritable = [ \"chown\" ];\n};\nno_new_privs = false;\nseccomp = {\n\tbase = \"@x\";\n"
	"\tallow = [ \"read\", \"@y\" ];\n\tdeny = [ \"@z\" ];\n\tfamilies = [ \"unix\" ];\n\tcompat = "
	"false;\n"
	"\tlog = true;\n};\nfeatures = {\n\tlimits = \"off\";\n\ttime = \"prefer\";\n\tcgroup = \"prefer\";\n"
	"\tseccomp = \"off\";\n\taccounting = \"require\";\n};\n";

static char *dump_of(const char *body)
{
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_policy p = {0};
	struct crl_err err = {0};
	char *text = NULL;
	char *dump = NULL;
	int rc;

	assert_true(asprintf(&text, "policies = { p = {\n%s}; };\n", body) > 0);
	rc = crl_source_parse("test.conf", text, strlen(text), &s, &err);
	free(text);
	if (rc == 0) {
		rc = crl_config_from_source(s, &c, &err);
	}
	rc = rc == 0 ? crl_config_policy(c, "p", &p, &err) : rc;
	if (rc < 0) {
		fail_msg("%s:%d: %s in\n%s", err.file, err.line, err.text, body);
	}
	assert_int_equal(crl_policy_dump(&p, &dump), 0);
	crl_policy_done(&p);
	crl_config_free(c);
	return dump;
}

static void test_defaults_read_back(void **state)
{
	scoped_free char *first = dump_of("");
	scoped_free char *second = dump_of(first);

	(void)state;
	assert_string_equal(first, second);
}

static void test_everything_reads_back(void **state)
{
	scoped_free char *first = dump_of(everything);
	scoped_free char *second = dump_of(first);

	(void)state;
	assert_string_equal(first, everything_dumped);
	assert_string_equal(first, second);
}

/* A key the setters know and the dump does not, or the other way round, would show here. */
static void test_table_tells_the_defaults(void **state)
{
	scoped_free char *dump = dump_of("");

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		const char *dot = strrchr(key->path, '.');
		char line[512];

		if (key->scope != CRL_KEYS_POLICY || !key->def) {
			continue;
		}
		(void)snprintf(line, sizeof(line), "%s%s = %s;\n", dot ? "\t" : "", dot ? dot + 1 : key->path,
			       key->def);
		if (!strstr(dump, line)) {
			fail_msg("%s: the table says %s, but the dump of the defaults is\n%s", key->path,
				 key->def, dump);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_read_back),
		cmocka_unit_test(test_everything_reads_back),
		cmocka_unit_test(test_table_tells_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
