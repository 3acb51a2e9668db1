// SPDX-License-Identifier: Apache-2.0
/* Who takes audit records without a limit, from what a kernel would answer. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/auditstate.h"

static int kernel, client;

static int plug(void **state)
{
	const struct timeval patience = {.tv_usec = 200000};
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return -1;
	kernel = pair[0];
	client = pair[1];
	return setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static int unplug(void **state)
{
	(void)state;
	(void)close(kernel);
	(void)close(client);
	return 0;
}

static void answer(uint32_t sequence, uint16_t type, const void *body, size_t len)
{
	char bytes[4096];
	struct nlmsghdr head = {.nlmsg_len = (uint32_t)(sizeof(head) + len), .nlmsg_type = type, .nlmsg_seq = sequence};

	memcpy(bytes, &head, sizeof(head));
	if (len)
		memcpy(bytes + sizeof(head), body, len);
	assert_int_equal(send(kernel, bytes, sizeof(head) + len, 0), sizeof(head) + len);
}

static void answer_status(uint32_t pid, uint32_t rate)
{
	struct audit_status s = {.enabled = 1, .pid = pid, .rate_limit = rate};

	answer(0, AUDIT_SYSCALL, "a record for somebody else", 26);
	answer(2, AUDIT_GET, &s, sizeof(s));
}

static void answer_rule(uint32_t list, uint32_t fields, uint32_t type)
{
	struct audit_rule_data rule = {.flags = list, .action = AUDIT_ALWAYS, .field_count = fields};

	rule.fields[0] = AUDIT_MSGTYPE;
	rule.fieldflags[0] = AUDIT_EQUAL;
	rule.values[0] = type;
	rule.fields[1] = AUDIT_UID;
	rule.fieldflags[1] = AUDIT_EQUAL;
	answer(1, AUDIT_LIST_RULES, &rule, sizeof(rule));
}

static void answer_end(void)
{
	const int zero = 0;

	answer(1, NLMSG_ERROR, &zero, sizeof(zero));
	answer(1, NLMSG_DONE, &zero, sizeof(zero));
}

static bool asked(bool listened)
{
	struct ctl_audit a = {.listened = listened};

	assert_int_equal(ctl_audit_ask(client, &a), 0);
	return ctl_audit_is_unbounded(&a);
}

static void test_daemon(void **state)
{
	(void)state;
	answer_status(812, 0);
	answer_rule(AUDIT_FILTER_EXIT, 1, AUDIT_SECCOMP);
	answer_rule(AUDIT_FILTER_EXCLUDE, 1, AUDIT_LOGIN);
	answer_rule(AUDIT_FILTER_EXCLUDE, 2, AUDIT_SECCOMP); /* of one user only */
	answer_end();
	assert_true(asked(false));
}

static void test_bounded(void **state)
{
	(void)state;
	answer_status(812, 100);
	answer_end();
	assert_false(asked(true));
}

static void test_excluded(void **state)
{
	(void)state;
	answer_status(812, 0);
	answer_rule(AUDIT_FILTER_EXCLUDE, 1, AUDIT_SECCOMP);
	answer_end();
	assert_false(asked(true));
}

static void test_nobody(void **state)
{
	(void)state;
	answer_status(0, 0);
	answer_end();
	assert_false(asked(false));
	answer_status(0, 0);
	answer_end();
	assert_true(asked(true)); /* the journal */
}

static void test_no_answer(void **state)
{
	const int refused = -EPERM;
	struct ctl_audit a = {0};

	(void)state;
	answer(2, NLMSG_ERROR, &refused, sizeof(refused));
	assert_int_equal(ctl_audit_ask(client, &a), -EPERM);
	answer(2, AUDIT_GET, "short", 5);
	assert_int_equal(ctl_audit_ask(client, &a), -EBADMSG);
	assert_int_equal(ctl_audit_ask(client, &a), -EAGAIN);
	answer_status(7, 0);
	assert_int_equal(ctl_audit_ask(client, &a), -EAGAIN); /* the rules do not come */
	assert_int_equal(a.daemon, 0);
}

static bool listens(const char *text)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	bool yes = ctl_audit_has_listener(f);

	(void)fclose(f);
	return yes;
}

#define HEADING "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
#define ROW(eth, groups) "0000000000000000 " eth "   1          " groups " 0        0        0     2        0        8714\n"

static void test_listener(void **state)
{
	(void)state;
	assert_true(listens(HEADING ROW("0 ", "00000111") ROW("9 ", "00000001")));
	assert_false(listens(HEADING ROW("9 ", "00000000") ROW("15", "00000001")));
	assert_false(listens(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_daemon, plug, unplug),
		cmocka_unit_test_setup_teardown(test_bounded, plug, unplug),
		cmocka_unit_test_setup_teardown(test_excluded, plug, unplug),
		cmocka_unit_test_setup_teardown(test_nobody, plug, unplug),
		cmocka_unit_test_setup_teardown(test_no_answer, plug, unplug),
		cmocka_unit_test(test_listener),
	};

	return cmocka_run_group_tests_name("ctl/auditstate", tests, NULL, NULL);
}
