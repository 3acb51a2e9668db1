// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/host/doas.h"
#include "ctl/host/sudoers.h"

static char dir[] = "/tmp/carrel-sudoers-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void remove_file(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

/* "LINE:KIND NAME[!]", with ! for the whole power. */
static void expect(int (*read)(const char *, struct ctl_sudo_subjects *), const char *text, const char *want)
{
	struct ctl_sudo_subjects s = {.len = 0};
	char path[128], have[2000] = "";

	put("sudoers", text);
	(void)snprintf(path, sizeof(path), "%s/sudoers", dir);
	assert_int_equal(read(path, &s), 0);
	for (size_t i = 0; i < s.len; i++) {
		size_t len = strlen(have);

		(void)snprintf(have + len, sizeof(have) - len, "%d:%c %s%s ", s.item[i].line, "ug#%*?"[s.item[i].kind],
			       s.item[i].name, s.item[i].whole ? "!" : "");
	}
	assert_string_equal(have, want);
	ctl_sudo_subjects_done(&s);
	remove_file("sudoers");
}

static void test_specs(void **state)
{
	static const char *const kase[][2] = {
		{"root ALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n", "1:u root! 2:g sudo! "},
		{"# ana ALL=(ALL) ALL\nbob ALL = NOPASSWD: ALL # who\n", "2:u bob! "},
		{"ana, bob ,%ops ALL=ALL\n", "1:u ana! 1:u bob! 1:g ops! "},
		{"#1000 ALL=(ALL) NOPASSWD:SETENV: ALL\n%#27 ALL=(root) ALL\n", "1:# 1000! 2:% 27! "},
		{"ana ALL=(postgres) ALL\nbob ALL=(ALL) /bin/ls, /bin/cat\n", "1:u ana 2:u bob "},
		{"ana ALL=(postgres, root : wheel) /bin/ls, ALL\n", "1:u ana! "},
		{"ana ALL=(:wheel) ALL\ncara ALL=() ALL\n", "1:u ana 2:u cara! "},
		{"ana ALL=(ALL) NOPASSWD : SETENV: ALL\nbob a = LIST : b = ALL\n", "1:u ana! 2:u bob "},
		{"ALL ALL=(ALL) ALL\n", "1:* ALL! "},
		{"\"a b\" ALL=ALL\nc\\ d ALL=ALL\n", "1:u a b! 2:u c d! "},
		{"+admins ALL=ALL\n%:DOMAIN\\\\x ALL=ALL\n!eve ALL=ALL\n", "1:? +admins! 2:? %:DOMAIN\\x! 3:? !eve! "},
		{"ana \\\n ALL=(ALL) \\\n ALL\nbob ALL=ALL\n", "1:u ana! 4:u bob! "},
		{"Defaults env_reset, secure_path=/bin\nDefaults:ana !authenticate\nCmnd_Alias X = ALL\nana ALL=X\n",
		 "4:u ana "},
		{"nonsense\n", "1:? nonsense "},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		expect(ctl_sudoers_read, kase[i][0], kase[i][1]);
}

/* keeps: ctl/host/sudoers R1 R2 */
static void test_aliases(void **state)
{
	(void)state;
	expect(ctl_sudoers_read, "STAFF ALL=ALL\nUser_Alias OPS = ana, bob : STAFF = OPS, %wheel\n",
	       "1:u ana! 1:u bob! 1:g wheel! ");
	/* One that holds itself ends, and a name in capitals that is none is a user. */
	expect(ctl_sudoers_read, "User_Alias A = A\nA ALL=ALL\nBOSS ALL=ALL\n", "2:u A! 3:u BOSS! ");
}

static void test_includes(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/more.d", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	put("more.d/10-a", "ana ALL=ALL\n");
	put("more.d/20-b.bak", "eve ALL=ALL\n");
	put("more.d/30-c~", "eve ALL=ALL\n");
	put("one", "bob ALL=ALL\n@include one\n"); /* itself */
	expect(ctl_sudoers_read, "#includedir more.d\n@include one\n@include nowhere\n#include is no include\n",
	       "0:? cannot be read 0:? cannot be read 0:? cannot be read 1:u ana! "
	       "1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! "
	       "1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! 1:u bob! ");
	remove_file("more.d/10-a");
	remove_file("more.d/20-b.bak");
	remove_file("more.d/30-c~");
	remove_file("one");
	assert_int_equal(rmdir(path), 0);
}

static void add_default(void *arg, const struct ctl_sudo_default *word)
{
	char *have = arg;
	size_t len = strlen(have);

	(void)snprintf(have + len, 2000 - len, "%d:%s%s%s%s%s ", word->line, word->some ? "some " : "",
		       word->off ? "!" : "", word->name, word->value[0] ? "=" : "", word->value);
}

static void test_defaults(void **state)
{
	static const char *const kase[][2] = {
		{"Defaults !pam_session\n", "1:!pam_session "},
		{"Defaults\tenv_reset, !pam_session,mail_badpass\n", "1:env_reset 1:!pam_session 1:mail_badpass "},
		{"Defaults !!pam_session, ! x\n", "1:pam_session 1:!x "},
		{"Defaults pam_service = \"a b\", env_keep += \"X Y\", y=1\n",
		 "1:pam_service=a b 1:env_keep=X Y 1:y=1 "},
		{"Defaults:ana, %staff !pam_session\n", "1:some !pam_session "},
		{"Defaults@HOSTS x\nDefaults>root y\nDefaults!/bin/ls, /bin/cat !z\n", "1:some x 2:some y 3:some !z "},
		{"Defaults \\\n  !pam_session # no\n", "1:!pam_session "},
		{"Defaults x, \\ \t\n  !pam_session\n", "1:x 1:!pam_session "},
		{"Defaults x, \\\r\n  !pam_session\r\nDefaults y\r\n", "1:x 1:!pam_session 3:y "},
		{"# so \\\nDefaults !pam_session\nDefaults x # so \\\nDefaults y\n", "2:!pam_session 3:x 4:y "},
		{"# Defaults !pam_session\nDefaults # !pam_session\nDefaultsx y\n", ""},
		{"ana ALL = ALL\nUser_Alias A = b\n", ""},
		{"Defaults:\nDefaults\n", ""},
	};
	char path[128], have[2000];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/sudoers", dir);
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		have[0] = '\0';
		put("sudoers", kase[i][0]);
		assert_int_equal(ctl_sudoers_defaults(path, add_default, have), 0);
		assert_string_equal(have, kase[i][1]);
	}
	put("one", "Defaults !pam_session\n");
	put("sudoers", "Defaults pam_session\n@include one\n");
	have[0] = '\0';
	assert_int_equal(ctl_sudoers_defaults(path, add_default, have), 0);
	assert_string_equal(have, "1:pam_session 1:!pam_session ");
	remove_file("one");
	remove_file("sudoers");
}

static void test_doas(void **state)
{
	(void)state;
	expect(ctl_doas_read,
	       "permit nopass ana\npermit :wheel as root\n# permit eve\ndeny eve\npermit persist bob as www cmd x\n"
	       "permit setenv { A B=c } cara\npermit \"d e\" cmd ls\n",
	       "1:u ana! 2:g wheel! 5:u bob 6:u cara! 7:u d e ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),    cmocka_unit_test(test_aliases), cmocka_unit_test(test_includes),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_doas),
	};
	int failed;

	if (!mkdtemp(dir))
		return 3;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}
