// SPDX-License-Identifier: Apache-2.0
/* A dump reads back to the same policy, and it shows every key; the table's defaults are crl_policy_init()'s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/keys/keys.h"

/*
 * Keys away from their defaults, as a file says them and as the dump does where that is not the same. Truths that are
 * not here have their default: test_keys tries both of every one.
 */
static const struct {
	const char *path, *said, *dumped;
} everything[] = {
	{"share", "\"user\"", NULL},
	{"on_close", "\"keep\"", NULL},
	{"linger", "\"90m\"", NULL},
	{"grace", "\"9s\"", NULL},
	{"notice", "false", NULL},
	{"language", "\"eu\"", NULL},
	{"namespaces", "[ \"mount\", \"pid\", \"uts\", \"net\" ]", NULL},
	{"hostname", "\"%u-%h\"", NULL},
	{"root.mode", "\"image\"", NULL},
	{"root.path", "\"/srv/ro\\\"ot\\\\x\"", NULL},
	{"root.over", "\"persistent\"", NULL},
	{"root.writable", "true", NULL},
	{"root.size", "\"2G\"", NULL},
	{"root.inodes", "1000", NULL},
	{"root.quota", "\"image\"", NULL},
	{"root.own", "[ \"/opt\" ]", NULL},
	{"root.hide", "[ \"/a b\" ]", NULL},
	{"root.read_only", "[ \"/c\" ]", NULL},
	{"root.writable_paths", "[ \"/d\" ]", NULL},
	{"root.bind",
	 "( { source = \"/s\"; target = \"/t\"; writable = true; }, { source = \"/s2\"; target = \"/t2\"; optional = "
	 "true; } )",
	 "(\n\t\t{ source = \"/s\"; target = \"/t\"; writable = true; optional = false; },\n"
	 "\t\t{ source = \"/s2\"; target = \"/t2\"; writable = false; optional = true; }\n\t)"},
	{"root.run", "[ \"/run/x\" ]", NULL},
	{"root.sockets", "[ \"/srv/s\" ]", NULL},
	{"root.nested_proc", "false", NULL},
	{"root.devices", "[ \"/dev/nvidia*\", \"/dev/dri/card0\" ]", NULL},
	{"root.devices_required", "[ \"/dev/fuse\" ]", NULL},
	{"tmp.size", "\"1G\"", NULL},
	{"ptys", "3", NULL},
	{"home.mode", "\"overlay\"", NULL},
	{"home.upper", "\"persistent\"", NULL},
	{"home.lower", "[ \"/l\", \"/m\" ]", NULL},
	{"home.lower_owner", "\"keep\"", NULL},
	{"home.size", "\"3M\"", NULL},
	{"home.inodes", "77", NULL},
	{"home.quota", "\"image\"", NULL},
	{"home.at_end", "\"ask\"", NULL},
	{"home.snapshots", "3", NULL},
	{"home.wishes", "false", NULL},
	{"network.mode", "\"nat\"", NULL},
	{"network.allow", "[ \"10.0.0.0/8 tcp 80,443\", \"host\" ]", NULL},
	{"network.deny", "[ \"@private\" ]", NULL},
	{"network.forwards", "\"none\"", NULL},
	{"network.publish",
	 "( { port = 8443; to = 443; }, { port = 53; proto = \"udp\"; }, { first = 10000; count = 10; base = 500; } )",
	 "(\n\t\t{ port = 8443; to = 443; proto = \"tcp\"; },\n\t\t{ port = 53; to = 53; proto = \"udp\"; },\n"
	 "\t\t{ first = 10000; count = 10; base = 500; proto = \"tcp\"; }\n\t)"},
	{"limits.cpu", "\"150%\"", NULL},
	{"limits.cpu_weight", "7", NULL},
	{"limits.memory", "\"5G\"", NULL},
	{"limits.memory_high", "\"8193K\"", NULL},
	{"limits.swap", "\"0\"", NULL},
	{"limits.tasks", "9", NULL},
	{"limits.rooms", "5", NULL},
	{"limits.network.egress", "\"1500K\"", NULL},
	{"limits.network.ingress", "\"2G\"", NULL},
	{"limits.oom_score_adj", "77", NULL},
	{"limits.io", "( { path = \"/\"; read = \"1M\"; }, { path = \"/x\"; write_iops = 4; } )",
	 "(\n\t\t{ path = \"/\"; read = \"1M\"; write = \"unlimited\"; read_iops = \"unlimited\"; write_iops = "
	 "\"unlimited\"; },\n"
	 "\t\t{ path = \"/x\"; read = \"unlimited\"; write = \"unlimited\"; read_iops = \"unlimited\"; write_iops = 4; "
	 "}\n\t)"},
	{"capabilities.bounding", "[ \"net_raw\", \"cap_chown\" ]", "[ \"chown\", \"net_raw\" ]"},
	{"capabilities.inheritable", "[ \"chown\" ]", NULL},
	{"no_new_privs", "false", NULL},
	{"user.namespaces", "5", NULL},
	{"errands", "[ \"at\" ]", NULL},
	{"seccomp.base", "\"@x\"", NULL},
	{"seccomp.allow", "[ \"read\", \"@y\" ]", NULL},
	{"seccomp.deny", "[ \"@z\" ]", NULL},
	{"seccomp.families", "[ \"unix\" ]", NULL},
	{"seccomp.args.clone", "[ \"!CLONE_NEWUSER\" ]", NULL},
	{"seccomp.args.fcntl", "[ \"!F_SETLEASE\", \"!1030\" ]", NULL},
	{"seccomp.args.ioctl", "[ \"TCGETS\", \"0x5413\" ]", NULL},
	{"seccomp.args.keyctl", "[ \"KEYCTL_READ\" ]", NULL},
	{"seccomp.args.personality", "[ \"!READ_IMPLIES_EXEC\" ]", NULL},
	{"seccomp.args.prctl", "[ \"!PR_SET_MM\" ]", NULL},
	{"seccomp.args.setsockopt", "[ \"!SOL_SOCKET\", \"!SOL_TCP:TCP_ULP\" ]", NULL},
	{"seccomp.args.socket", "[ \"SOCK_STREAM\", \"AF_NETLINK:SOCK_RAW\" ]", NULL},
	{"seccomp.answers",
	 "( { calls = [ \"ptrace\", \"@y\" ]; answer = \"ENOSYS\"; }, { answer = \"kill\"; calls = [ \"bpf\" ]; } )",
	 "(\n\t\t{ calls = [ \"ptrace\", \"@y\" ]; answer = \"ENOSYS\"; },\n\t\t{ calls = [ \"bpf\" ]; answer = "
	 "\"kill\"; }\n\t)"},
	{"seccomp.mode", "\"log\"", NULL},
	{"seccomp.compat", "false", NULL},
	{"seccomp.log", "true", NULL},
	{"seccomp.profiles",
	 "( { profile = \"python\"; program = \"/usr/bin/python3\"; }, { program = \"/bin/x\"; profile = \"x\"; } )",
	 "(\n\t\t{ program = \"/usr/bin/python3\"; profile = \"python\"; },\n\t\t{ program = \"/bin/x\"; profile = "
	 "\"x\"; }\n\t)"},
	{"shell.path", "\"/bin/sh\"", NULL},
	{"shell.seccomp.families", "[ \"unix\" ]", NULL},
	{"shell.seccomp.compat", "false", NULL},
	{"features.limits", "\"off\"", NULL},
	{"features.time", "\"prefer\"", NULL},
	{"features.cgroup", "\"prefer\"", NULL},
	{"features.seccomp", "\"off\"", NULL},
	{"features.accounting", "\"require\"", NULL},
	{"features.hostname", "\"require\"", NULL},
	{"features.landlock", "\"prefer\"", NULL},
	{"features.ambient", "\"require\"", NULL},
	{"features.network_filter", "\"prefer\"", NULL},
};

/* What goes with none of the others, or has no value. */
static const char *const left_out[] = {"inherit",
				       "root.image",
				       "home.skeleton",
				       "network.name",
				       "network.listen",
				       "network.loopback",
				       "limits.budget",
				       "user.mode",
				       "user.sudo",
				       "user.nested",
				       "user.show",
				       "capabilities.ambient",
				       "shell.apart",
				       "shell.seccomp.base",
				       "shell.seccomp.allow",
				       "shell.seccomp.deny",
				       "shell.seccomp.args.clone",
				       "shell.seccomp.args.fcntl",
				       "shell.seccomp.args.ioctl",
				       "shell.seccomp.args.keyctl",
				       "shell.seccomp.args.personality",
				       "shell.seccomp.args.prctl",
				       "shell.seccomp.args.setsockopt",
				       "shell.seccomp.args.socket",
				       "shell.seccomp.answers"};

static size_t find_in_everything(const char *path)
{
	size_t i = 0;

	while (i < CRL_ARRAY_LEN(everything) && strcmp(everything[i].path, path) != 0)
		i++;
	return i;
}

/* The last part of a path, with a tab for each group that it is in, and @end. */
static void put_line(FILE *f, const char *path, const char *end)
{
	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1)
		fputc('\t', f);
	fprintf(f, "%s%s", path, end);
}

static void leave_group(FILE *f, char *group)
{
	char *dot = strrchr(group, '.');

	for (const char *p = group; (p = strchr(p, '.')); p++)
		fputc('\t', f);
	fputs("};\n", f);
	*(dot ? dot : group) = '\0';
}

/* As a file says them, or as the dump does: each group in one, in the order of the table. */
static char *text_of_everything(bool dumped)
{
	char group[40] = "";
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		size_t at = find_in_everything(key->path);
		bool listed = at < CRL_ARRAY_LEN(everything);
		const char *value = !listed                           ? key->def
				    : dumped && everything[at].dumped ? everything[at].dumped
								      : everything[at].said;

		if (key->scope != CRL_KEYS_POLICY)
			continue;
		while (group[0] && (strncmp(key->path, group, strlen(group)) != 0 || key->path[strlen(group)] != '.'))
			leave_group(f, group);
		if (key->type == &crl_type_group) {
			put_line(f, key->path, " = {\n");
			(void)snprintf(group, sizeof(group), "%s", key->path);
		} else if (value && (listed || dumped)) {
			put_line(f, key->path, " = ");
			fprintf(f, "%s;\n", value);
		}
	}
	while (group[0])
		leave_group(f, group);
	assert_int_equal(fclose(f), 0);
	return text;
}

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
	if (rc == 0)
		rc = crl_config_from_source(s, &c, &err);
	rc = rc == 0 ? crl_config_policy(c, "p", &p, &err) : rc;
	if (rc < 0)
		fail_msg("%s:%d: %s in\n%s", err.file, err.line, err.text, body);
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
	scoped_free char *said = text_of_everything(false);
	scoped_free char *wanted = text_of_everything(true);
	scoped_free char *first = dump_of(said);
	scoped_free char *second = dump_of(first);

	(void)state;
	assert_string_equal(first, wanted);
	assert_string_equal(first, second);
}

static void test_everything_is_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		size_t at = find_in_everything(key->path);
		bool out = key->type == &crl_type_bool;

		for (size_t j = 0; j < CRL_ARRAY_LEN(left_out); j++)
			out = out || strcmp(key->path, left_out[j]) == 0;
		if (crl_key_is_setting(key) && !out && at == CRL_ARRAY_LEN(everything))
			fail_msg("%s is tried by nobody", key->path);
		if (crl_key_is_setting(key) && at < CRL_ARRAY_LEN(everything) && key->def &&
		    strcmp(everything[at].said, key->def) == 0)
			fail_msg("%s is tried with its default", key->path);
	}
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

		if (key->scope != CRL_KEYS_POLICY || !key->def)
			continue;
		(void)snprintf(line, sizeof(line), "%s%s = %s;\n", dot ? "\t" : "", dot ? dot + 1 : key->path,
			       key->def);
		if (!strstr(dump, line)) {
			fail_msg("%s: the table says %s, but the dump of the defaults is\n%s", key->path, key->def,
				 dump);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_read_back),
		cmocka_unit_test(test_everything_reads_back),
		cmocka_unit_test(test_everything_is_all),
		cmocka_unit_test(test_table_tells_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
