// SPDX-License-Identifier: Apache-2.0
/* What a room knows of other users: none of them, whatever the host's files and the login's texts are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apply/mounts/users.h"
#include "base/scope.h"

static struct crl_login login;

static void log_in(const char *user, const char *home)
{
	login = (struct crl_login){.uid = 1001, .gid = 100, .ngroups = 3, .groups = {100, 27, 5000}};
	(void)snprintf(login.user, sizeof(login.user), "%s", user);
	(void)snprintf(login.home, sizeof(login.home), "%s", home);
}

static void assert_file(enum crl_users_file file, const char *const *line, const char *want)
{
	struct crl_users u = {.file = file, .login = &login};
	scoped_free char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (; *line; line++)
		crl_users_take(&u, *line, f);
	crl_users_end(&u, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_passwd(void **state)
{
	(void)state;
	log_in("cara", "/home/cara");
	assert_file(CRL_USERS_PASSWD,
		    LINES("root:$6$hash:0:0:root:/root:/bin/bash", "ana:x:1000:100::/home/ana:/bin/sh",
			  "cara:x:1001:100:C:/home/cara:/bin/zsh", "nobody:x:65534:65534::/:/bin/false", "",
			  "+::::::", "#", "x:x:12", "y:x:-1:0:::", "z:x:4294967296:0:::", "cara:x:0:0::/:/bin/sh"),
		    "root:x:0:0:root:/root:/bin/bash\ncara:x:1001:100:C:/home/cara:/bin/zsh\n"
		    "nobody:x:65534:65534::/:/bin/false\n");
	/* of another name service */
	assert_file(CRL_USERS_PASSWD, LINES("root:x:0:0:root:/root:/bin/sh"),
		    "root:x:0:0:root:/root:/bin/sh\ncara:x:1001:100::/home/cara:/bin/sh\n");
}

static void test_group(void **state)
{
	(void)state;
	log_in("cara", "/home/cara");
	assert_file(CRL_USERS_GROUP,
		    LINES("root:x:0:ana", "sudo:*:27:ana,cara", "users:x:100:ana", "ana:x:1000:", "x:x:12:a:b", "y"),
		    "root:x:0:\nsudo:x:27:cara\nusers:x:100:\ng5000:x:5000:cara\n");
}

static void test_switch(void **state)
{
	(void)state;
	log_in("cara", "/home/cara");
	assert_file(CRL_USERS_SWITCH,
		    LINES("# words", "passwd:\tfiles sss", " group : ldap", "hosts: files dns", "passwd_compat: nis"),
		    "# words\npasswd: files\ngroup: files\nhosts: files dns\npasswd_compat: nis\n");
}

/* A name that would be more than a name makes no line of its own. */
static void test_hostile_names(void **state)
{
	(void)state;
	log_in("x\nroot2:x:0:0", "/home/x");
	assert_file(CRL_USERS_PASSWD, LINES("a:x:1:1:::"), "a:x:1:1:::\n");
	assert_file(CRL_USERS_GROUP, LINES("sudo:x:27:"), "sudo:x:27:\n");
	log_in("cara", "/home/x\nroot2:x:0:0::/:/bin/sh");
	assert_file(CRL_USERS_PASSWD, LINES("a:x:1:1:::"), "a:x:1:1:::\n");
	log_in("cara:x:0", "/home/x");
	assert_file(CRL_USERS_PASSWD, LINES("a:x:1:1:::"), "a:x:1:1:::\n");
}

/* As the plan writes it down for who renews these files. */
static void test_described(void **state)
{
	static const char *const bad[] = {
		"",
		"1001",
		"1001:100:100:cara",
		"x:100::cara:/home/cara",
		"1001::100:cara:/",
		"1001:100:1,:cara:/",
		"1001:100:1,x:cara:/",
		"4294967296:1:1:a:/",
	};
	enum crl_users_file file;
	struct crl_login got;

	(void)state;
	assert_int_equal(crl_users_login("1001:100:100,27,5000:cara:/home/ca:ra", &got), 0);
	assert_int_equal(got.uid, 1001);
	assert_int_equal(got.gid, 100);
	assert_int_equal(got.ngroups, 3);
	assert_int_equal(got.groups[2], 5000);
	assert_string_equal(got.user, "cara");
	assert_string_equal(got.home, "/home/ca:ra");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(crl_users_login(bad[i], &got), -EBADMSG);
	assert_int_equal(crl_users_file_at("/etc/group", &file), 0);
	assert_int_equal(file, CRL_USERS_GROUP);
	assert_int_equal(crl_users_file_at("/etc/shadow", &file), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwd),        cmocka_unit_test(test_group),     cmocka_unit_test(test_switch),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
