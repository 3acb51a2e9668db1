// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apply/mounts/inside_text.h"
#include "base/scope.h"

static const char *group = "";

typedef bool say(const struct crl_inside_user *u, const char *text, FILE *out);

static struct crl_login login = {.uid = 1001, .gid = 50, .user = "ana", .home = "/home/ana"};

/* @want  NULL = nothing is to be written */
static void expect(say *what, bool is_root, const char *text, const char *want)
{
	const struct crl_inside_user u = {.login = &login, .is_root = is_root, .shell = "/bin/bash", .group = group};
	scoped_free char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);
	bool wanted;

	assert_non_null(f);
	wanted = what(&u, text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(wanted, want != NULL);
	if (want)
		assert_string_equal(got, want);
}

#define ROOT "root:x:0:0:root:/root:/bin/sh\n"
#define ANA "ana:x:1001:50::/home/ana:/bin/bash\n"

static void test_passwd(void **state)
{
	(void)state;
	expect(crl_inside_passwd, false, ROOT "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n",
	       ROOT "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n" ANA);
	expect(crl_inside_passwd, false, ROOT "ana:x:1001:77:Ana:/srv:/bin/zsh\n", NULL); /* as its root wants it */
	expect(crl_inside_passwd, false, "", "root:x:0:0:root:/root:/bin/bash\n" ANA);
	/* Another by that name, another name for that number. */
	expect(crl_inside_passwd, false, ROOT "ana:x:5:5::/:/bin/sh\ndebian:x:1001:1001::/:/bin/sh\n", ROOT ANA);
	expect(crl_inside_passwd, false, ROOT ANA "toor:x:1001:0::/:/bin/sh\n", ROOT ANA);
	expect(crl_inside_passwd, false, ROOT "anabel:x:1002:1::/:/bin/sh\nnot a line\nana",
	       ROOT "anabel:x:1002:1::/:/bin/sh\nnot a line\nana\n" ANA);
	expect(crl_inside_passwd, true, ROOT "bin:x:2:2:bin:/bin:/bin/false\n",
	       "root:x:0:0:root:/home/ana:/bin/sh\nbin:x:2:2:bin:/bin:/bin/false\n");
	expect(crl_inside_passwd, true, "root:x:0:0:root:/home/ana:/bin/zsh\n", NULL);
	expect(crl_inside_passwd, true, "root:x:0", "root:x:0\nroot:x:0:0:root:/home/ana:/bin/bash\n");
}

static void test_group(void **state)
{
	(void)state;
	expect(crl_inside_group, false, "root:x:0:\nstaff:x:50:\n", NULL);
	expect(crl_inside_group, false, "root:x:0:\n", "root:x:0:\nana:x:50:\n");
	expect(crl_inside_group, false, "ana:x:1001:\n", "ana:x:1001:\nroot:x:0:\ng50:x:50:\n");
	expect(crl_inside_group, true, "root:x:0:\n", NULL);
	group = "staff";
	expect(crl_inside_group, false, "root:x:0:\nana:x:1001:\n", "root:x:0:\nana:x:1001:\nstaff:x:50:\n");
	group = "";
}

static void test_group_name(void **state)
{
	char name[8];

	(void)state;
	crl_inside_group_name("root:x:0:\nstudents:x:50:\nstaff:x:50:a,b\n", 50, name, sizeof(name));
	assert_string_equal(name, "staff"); /* the first is too long */
	crl_inside_group_name("root:x:0:\n:x:50:\nno", 50, name, sizeof(name));
	assert_string_equal(name, "");
}

static void test_shadow(void **state)
{
	(void)state;
	expect(crl_inside_shadow, false, "root:*:1::::::\nana:!:1::::::\n", NULL);
	expect(crl_inside_shadow, false, "root:*:1::::::", "\nana:*:19000:0:99999:7:::\n");
	expect(crl_inside_shadow, false, "", "ana:*:19000:0:99999:7:::\n");
	expect(crl_inside_shadow, true, "root:$6$x:1::::::\n", NULL);
}

static void test_subids(void **state)
{
	(void)state;
	expect(crl_inside_subids, false, "", "ana:10000:50000\n");
	expect(crl_inside_subids, false, "ana:1:1\n", NULL);
	expect(crl_inside_subids, false, "ana:20000:45536\nkim:1:9\n", NULL);
	/* what the host has, and what useradd adds in a room: ids that the inside does not have */
	expect(crl_inside_subids, false, "ana:100000:65536\nbob:165536:65536\n", "ana:10000:50000\n");
	expect(crl_inside_subids, false, "ana:20000:10\nbob:165536:65536\n", "ana:20000:10\n");
	expect(crl_inside_subids, false, "ana:20000:45537\n", "ana:10000:50000\n"); /* one too many */
	expect(crl_inside_subids, false, "ana:0:10\n", "ana:10000:50000\n"); /* root */
	expect(crl_inside_subids, false,
	       "ana:20000:0\nana:0x10:1\nana::1\nana:1\nana:1:1:1\nana:1:99999999999999999999\n", "ana:10000:50000\n");
	login.uid = 10001;
	expect(crl_inside_subids, false, "x:1:1\n", "x:1:1\nana:10000:1\nana:10002:49998\n");
	login.uid = 59999;
	expect(crl_inside_subids, false, "", "ana:10000:49999\n");
	login.uid = 4000000000;
	expect(crl_inside_subids, false, "", "ana:10000:50000\n");
	login.uid = 1001;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwd), cmocka_unit_test(test_group),  cmocka_unit_test(test_group_name),
		cmocka_unit_test(test_shadow), cmocka_unit_test(test_subids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
