// SPDX-License-Identifier: Apache-2.0
/*
 * Shapes and contents of records.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "wire/msg.h"

static struct crl_msg_room room;

static const struct {
	enum crl_msg type;
	size_t size;
	size_t nfds;
} fixed[] = {
	{CRL_MSG_OPEN, sizeof(struct crl_login), 1},
	{CRL_MSG_LOOKUP, 256, 0},
	{CRL_MSG_FOUND, 8, 0},
	{CRL_MSG_REFUSED, 736, 0},
	{CRL_MSG_ENTERED, 0, 0},
	{CRL_MSG_CONFIRMED, 0, 0},
	{CRL_MSG_CLOSE, 0, 0},
	{CRL_MSG_CLOSED, 0, 1},
	{CRL_MSG_JOIN, sizeof(struct crl_msg_join), 2},
	{CRL_MSG_TAKEN, CRL_ID_MAX + 2, 1},
	{CRL_MSG_JOINED, 1, 0},
	{CRL_MSG_LISTENER, 0, 2},
	{CRL_MSG_NAME, 4, 0},
	{CRL_MSG_NAMED, 260, 0},
};

static void sizes_and_descriptors_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(fixed); i++) {
		enum crl_msg t = fixed[i].type;

		assert_int_equal(crl_msg_check_shape(t, &room, fixed[i].size, fixed[i].nfds), 0);
		assert_int_equal(crl_msg_check_shape(t, &room, fixed[i].size + 1, fixed[i].nfds), -EBADMSG);
		assert_int_equal(crl_msg_check_shape(t, &room, fixed[i].size, fixed[i].nfds + 1), -EBADMSG);
		if (fixed[i].size)
			assert_int_equal(crl_msg_check_shape(t, &room, fixed[i].size - 1, fixed[i].nfds), -EBADMSG);
		if (fixed[i].nfds)
			assert_int_equal(crl_msg_check_shape(t, &room, fixed[i].size, fixed[i].nfds - 1), -EBADMSG);
	}
	assert_int_equal(crl_msg_check_shape(0, &room, 0, 0), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_COUNT, &room, 0, 0), -EBADMSG);
}

static void a_room_is_as_long_as_its_filter(void **state)
{
	(void)state;
	room.filter_len = 3;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 24, 1), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 23, 1), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 32, 1), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 391, 1), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 24, 0), -EBADMSG);
	room.adopt.listens = 1;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 24, 2), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 24, 1), -EBADMSG);
	room.adopt.listens = 0;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, 392 + 24, 2), -EBADMSG);
	room.filter_len = CRL_FILTER_MAX + 1;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_ROOM, &room, crl_msg_room_size(CRL_FILTER_MAX + 1), 1), -EBADMSG);
}

static void a_terminal_has_both_ends_or_is_none(void **state)
{
	const struct crl_msg_terminal t = {.number = 7};

	(void)state;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_TERMINAL, &t, sizeof(t), 2), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_TERMINAL, &t, sizeof(t), 0), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_TERMINAL, &t, sizeof(t), 1), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_TERMINAL, &t, sizeof(t) + 1, 2), -EBADMSG);
}

static void ready_has_descriptors_only_without_error(void **state)
{
	struct crl_msg_ready ready = {0};

	(void)state;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_READY, &ready, sizeof(ready), 2), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_READY, &ready, sizeof(ready), 0), 0); /* no mounts of its own */
	assert_int_equal(crl_msg_check_shape(CRL_MSG_READY, &ready, sizeof(ready), 1), -EBADMSG);
	ready.err.code = 1;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_READY, &ready, sizeof(ready), 0), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_READY, &ready, sizeof(ready), 2), -EBADMSG);
}

static void a_signal_is_for_one_or_all(void **state)
{
	struct crl_msg_signal s = {.number = 1};

	(void)state;
	assert_int_equal(crl_msg_check_shape(CRL_MSG_SIGNAL, &s, 8, 0), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_SIGNAL, &s, 8, 1), 0);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_SIGNAL, &s, 8, 2), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_SIGNAL, &s, 7, 0), -EBADMSG);
	assert_int_equal(crl_msg_check_shape(CRL_MSG_SIGNAL, &s, 9, 0), -EBADMSG);
}

static void contents_of_a_room_are_checked(void **state)
{
	struct crl_adopt good = {.ns_mask = 1,
				 .securebits = 195,
				 .no_new_privs = 1,
				 .id = "a",
				 .room = "b",
				 .policy = "c"},
			 a;

	(void)state;
	assert_int_equal(crl_msg_check_adopt(&good), 0);
	a = good;
	a.ns_mask = CRL_NS_BIT(CRL_NS_USER);
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	a.securebits |= 4;
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	a.no_new_privs = 2;
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	a.trim_caps = 2;
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	a.filter_log = 2;
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	a.reserved[0] = 1;
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	memset(a.id, 'x', sizeof(a.id));
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	strcpy(a.room, "a b");
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
	a = good;
	strcpy(a.policy, "a\n");
	assert_int_equal(crl_msg_check_adopt(&a), -EBADMSG);
}

static void named_is_a_name_or_a_code(void **state)
{
	struct crl_msg_named n = {.group = "g"};

	(void)state;
	assert_int_equal(crl_msg_check_named(&n), 0);
	n.code = ENOENT;
	assert_int_equal(crl_msg_check_named(&n), -EBADMSG);
	n.group[0] = '\0';
	assert_int_equal(crl_msg_check_named(&n), 0);
	n.code = 0;
	assert_int_equal(crl_msg_check_named(&n), -EBADMSG);
	memset(n.group, 'x', sizeof(n.group));
	assert_int_equal(crl_msg_check_named(&n), -EBADMSG);
}

static void what_the_user_is_told_is_plain_text(void **state)
{
	static struct crl_msg_room r;

	(void)state;
	r.adopt = (struct crl_adopt){.id = "a", .room = "b", .policy = "c"};
	assert_int_equal(crl_msg_check_room(&r), 0);
	strcpy(r.notice, "carrel: your login ~ of 14:02 \\ \"x\"");
	assert_int_equal(crl_msg_check_room(&r), 0);
	for (int c = 1; c < 256; c++) {
		r.notice[3] = (char)c;
		assert_int_equal(crl_msg_check_room(&r), c >= ' ' && c <= '~' ? 0 : -EBADMSG);
	}
	strcpy(r.notice, "carrel: en su sesión se llenó /tmp (límite: 8M)");
	assert_int_equal(crl_msg_check_room(&r), 0);
	strcpy(r.notice, "carrel: \xc2\x9b"
			 "2J");
	assert_int_equal(crl_msg_check_room(&r), -EBADMSG);
	memset(r.notice, 'x', sizeof(r.notice));
	assert_int_equal(crl_msg_check_room(&r), -EBADMSG);
	r.notice[sizeof(r.notice) - 1] = '\0';
	assert_int_equal(crl_msg_check_room(&r), 0);
	r.grace_ms = CRL_GRACE_MAX_S * 1000 + 1;
	assert_int_equal(crl_msg_check_room(&r), -EBADMSG);
	r.grace_ms--;
	assert_int_equal(crl_msg_check_room(&r), 0);
	r.adopt.id[0] = ' ';
	assert_int_equal(crl_msg_check_room(&r), -EBADMSG);
}

static void a_lookup_names_a_group(void **state)
{
	struct crl_msg_lookup l = {.group = "g"};

	(void)state;
	assert_int_equal(crl_msg_check_lookup(&l), 0);
	memset(l.group, 'x', sizeof(l.group));
	assert_int_equal(crl_msg_check_lookup(&l), -EBADMSG);
	l.group[0] = '\0';
	assert_int_equal(crl_msg_check_lookup(&l), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_and_descriptors_are_exact),
		cmocka_unit_test(a_room_is_as_long_as_its_filter),
		cmocka_unit_test(a_terminal_has_both_ends_or_is_none),
		cmocka_unit_test(ready_has_descriptors_only_without_error),
		cmocka_unit_test(a_signal_is_for_one_or_all),
		cmocka_unit_test(contents_of_a_room_are_checked),
		cmocka_unit_test(what_the_user_is_told_is_plain_text),
		cmocka_unit_test(a_lookup_names_a_group),
		cmocka_unit_test(named_is_a_name_or_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
