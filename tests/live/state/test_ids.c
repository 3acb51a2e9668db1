// SPDX-License-Identifier: Apache-2.0
/* Ranges of ids: the host's files, what is allotted and noted in the store, what is refused. Needs root: a store is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "state/ids.h"

#define EACH CRL_IDS_EACH
#define FIRST 1000000u

static struct crl_err err;

static void files(const char *subuid, const char *subgid)
{
	write_file("etc/passwd", "root:x:0:0::/:\nold:x:1065536:5::/:\n");
	write_file("etc/group", "root:x:0:\nold:x:1131072:\n");
	write_file("etc/subuid", subuid);
	write_file("etc/subgid", subgid);
}

static int find(const char *user, uint32_t uid, bool keep, struct crl_ids *ret)
{
	static struct crl_login l;
	char store[256];

	(void)snprintf(store, sizeof(store), "%s", at("store"));
	l = (struct crl_login){.uid = uid, .gid = uid, .ngroups = 1, .groups = {uid}};
	(void)snprintf(l.user, sizeof(l.user), "%s", user);
	err = (struct crl_err){0};
	*ret = (struct crl_ids){.allotted = false};
	return crl_ids_find(&(struct crl_ids_wish){.login = &l,
						   .store = store,
						   .pool = {FIRST, 6 * EACH},
						   .etc = at("etc"),
						   .keep = keep,
						   .patience_ms = 5000},
			    ret, &err);
}

static int begin(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "cd %s && rm -rf store etc && mkdir etc", scratch);
	assert_int_equal(system(command), 0);
	files("", "");
	return 0;
}

static void test_from_files(void **state)
{
	struct crl_ids ids;

	(void)state;
	files("ana:200000:65536\n", "1001:300000:70000\n");
	assert_int_equal(find("ana", 1001, false, &ids), 0);
	assert_false(ids.allotted);
	assert_int_equal(ids.uids.first, 200000);
	assert_int_equal(ids.gids.first, 300000);
	assert_int_equal(ids.gids.count, EACH);
	assert_int_equal(access(at("store"), F_OK), -1); /* nothing was to be noted */
	files("ana:200000:1000\n", "1001:300000:70000\n");
	assert_int_equal(find("ana", 1001, true, &ids), -ERANGE);
	assert_non_null(strstr(err.text, "/etc/subuid are too small"));
}

/* keeps: state/ids R1 */
static void test_allotted(void **state)
{
	struct crl_ids ids, again, other;

	(void)state;
	assert_int_equal(find("ana", 6, false, &ids), 0); /* only asked: the next one may get it */
	assert_int_equal(find("ana", 6, true, &ids), 0);
	assert_true(ids.allotted);
	assert_int_equal(ids.uids.first, FIRST); /* 6 % 6 */
	assert_int_equal(ids.gids.first, FIRST);
	/* 7 and 8 would be on accounts of the host: a uid, and a group. */
	assert_int_equal(find("ben", 12, true, &other), 0);
	assert_int_equal(other.uids.first, FIRST + 3 * EACH);
	assert_int_equal(find("ana", 6, true, &again), 0);
	assert_int_equal(again.uids.first, ids.uids.first);
	/* Somebody with an entry in one file alone gets one for both; nobody else's in either is in it. */
	files("eve:1262144:65536\n", "zoe:1327680:65536\n");
	assert_int_equal(find("eve", 10, true, &other), 0);
	assert_true(other.allotted);
	assert_int_equal(find("joe", 11, true, &other), -ENOSPC);
	assert_non_null(strstr(err.text, "no range of 65536 ids is left for joe"));
}

/* keeps: state/ids R2 */
static void test_meeting(void **state)
{
	struct crl_ids ids;

	(void)state;
	assert_int_equal(find("ana", 6, true, &ids), 0);
	files("ben:1000100:65536\n", "ben:1000100:65536\n"); /* in what ana was given */
	assert_int_equal(find("ben", 1002, true, &ids), -EEXIST);
	assert_int_equal(find("ana", 6, true, &ids), -EEXIST);
	files("ben:200000:65536\neve:265535:65536\n", "ben:200000:65536\n");
	assert_int_equal(find("ben", 1002, true, &ids), -EEXIST);
	/* A login whose own uid or group is in somebody's range. */
	files("ben:200000:65536\n", "ben:200000:65536\n");
	assert_int_equal(find("low", 200005, true, &ids), -EEXIST);
	assert_int_equal(find("dir", FIRST + 5, true, &ids), -EEXIST);
	files("ben:200000:65536\n", "");
	assert_int_equal(find("own", 1002, true, &ids), 0);
	files("own:1000:65536\n", "own:1000:65536\n");
	assert_int_equal(find("own", 1002, true, &ids), -EEXIST);
	files("root:1000:65536\n", "root:1000:65536\n");
	assert_int_equal(find("root", 0, true, &ids), -EPERM);
}

/* keeps: state/ids R2 */
static void test_accounts(void **state)
{
	struct crl_ids ids;

	(void)state;
	files("ana:1060000:65536\n", "ana:200000:65536\n"); /* a uid of the host's in it */
	assert_int_equal(find("ana", 1001, true, &ids), -EEXIST);
	assert_non_null(strstr(err.text, "have one that is the host's own"));
	files("ana:200000:65536\n", "ana:1131072:65536\n"); /* a gid */
	assert_int_equal(find("ana", 1001, true, &ids), -EEXIST);
	files("ana:1131072:65536\n", "ana:1000000:65536\n"); /* the other kind's are no harm */
	assert_int_equal(find("ana", 1001, true, &ids), 0);
	/* An account that came after the range was given. */
	files("", "");
	assert_int_equal(find("ana", 6, true, &ids), 0);
	write_file("etc/passwd", "new:x:1000007:7::/:\n");
	assert_int_equal(find("ana", 6, true, &ids), -EEXIST);
}

/* userdel, and a new user of that number: what the first has left on disks is not theirs. */
static void test_number_of_another(void **state)
{
	struct crl_ids ids, other, again;

	(void)state;
	assert_int_equal(find("ana", 6, true, &ids), 0);
	assert_int_equal(find("kim", 6, true, &other), 0);
	assert_int_not_equal(other.uids.first, ids.uids.first);
	assert_int_equal(find("kim", 6, true, &again), 0);
	assert_int_equal(again.uids.first, other.uids.first);
	assert_int_equal(find("ana", 6, true, &again), 0); /* as it was, should they come back */
	assert_int_equal(again.uids.first, ids.uids.first);
}

static void test_spoilt_record(void **state)
{
	struct crl_ids ids;

	(void)state;
	assert_int_equal(find("ana", 6, true, &ids), 0);
	write_file("store/subids", "subids 1\n6 1000000\nhalf a li");
	assert_int_equal(find("ana", 6, true, &ids), -EBADMSG);
	assert_non_null(strstr(err.text, "is no record of ids"));
	assert_int_equal(chmod(at("etc/subuid"), 0666), 0); /* not root's alone to write */
	assert_int_equal(find("ana", 6, true, &ids), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_from_files, begin),
		cmocka_unit_test_setup(test_allotted, begin),
		cmocka_unit_test_setup(test_meeting, begin),
		cmocka_unit_test_setup(test_accounts, begin),
		cmocka_unit_test_setup(test_spoilt_record, begin),
		cmocka_unit_test_setup(test_number_of_another, begin),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
