// SPDX-License-Identifier: Apache-2.0
/*
 * Refused system calls in the kernel's log.
 *
 * Runs in: helper, carrelctl; root.
 * Trusts: records of facility 0, which programs cannot write. R1: a name is quoted by the kernel, or hexadecimal when
 * it has a space, a quote or a control character in it, so words end at spaces. R2: the log may grow while it is read.
 */
#include "state/why/kernlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/parse.h"
#include "base/scope.h"

#define RECORD_MAX 8192 /* the kernel's own bound */
#define RECORDS_MAX 100000 /* R2 */
#define PREFIX "audit: type=1326 audit("

/* The word after " KEY=" (R1), "" when it is not there. */
static void find_word(const char *text, const char *key, char *buf, size_t size)
{
	const char *found = strstr(text, key);
	size_t len = found ? strcspn(found + strlen(key), " \n") : 0;

	buf[0] = '\0';
	if (len == 0 || len >= size)
		return;
	memcpy(buf, found + strlen(key), len);
	buf[len] = '\0';
}

static int find_number(const char *text, const char *key, uint32_t *ret)
{
	char word[16];
	uint64_t n;

	find_word(text, key, word, sizeof(word));
	if (crl_parse_uint(word, 0, UINT32_MAX, &n) < 0)
		return -EBADMSG;
	*ret = (uint32_t)n;
	return 0;
}

static int find_hex(const char *text, const char *key, uint32_t *ret)
{
	char word[16];

	find_word(text, key, word, sizeof(word));
	if (!word[0] || strlen(word) > 8 || word[strspn(word, "0123456789abcdef")] != '\0')
		return -EBADMSG;
	*ret = (uint32_t)strtoul(word, NULL, 16);
	return 0;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* R1 */
static int find_comm(const char *text, char comm[CRL_COMM_MAX])
{
	char word[2 * CRL_COMM_MAX + 8];
	size_t len, n = 0;

	find_word(text, " comm=", word, sizeof(word));
	len = strlen(word);
	if (len >= 2 && word[0] == '"' && word[len - 1] == '"' && len - 2 < CRL_COMM_MAX) {
		memcpy(comm, word + 1, len - 2);
		comm[len - 2] = '\0';
		return 0;
	}
	if (len == 0 || len % 2 != 0 || len / 2 >= CRL_COMM_MAX)
		return -EBADMSG;
	for (const char *p = word; *p; p += 2) {
		int high = hex_digit(p[0]), low = hex_digit(p[1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		comm[n++] = (char)(high * 16 + low);
	}
	comm[n] = '\0';
	return 0;
}

/* "SECONDS.MILLI:SERIAL): …" */
static int parse_time(const char *text, int64_t *ret_ms)
{
	char second[24], milli[8];
	uint64_t s, ms;
	int used = 0;

	if (sscanf(text, "%19[0-9].%3[0-9]:%*[0-9]):%n", second, milli, &used) != 2 || used == 0 ||
	    strlen(milli) != 3 || crl_parse_uint(second, 0, INT64_MAX / 1000 - 1, &s) < 0)
		return -EBADMSG;
	ms = strtoul(milli, NULL, 10);
	*ret_ms = (int64_t)(s * 1000 + ms);
	return 0;
}

static bool is_kernels(const char *record)
{
	size_t len = strspn(record, "0123456789");

	return len >= 1 && len <= 3 && record[len] == ',' && strtoul(record, NULL, 10) < 8; /* facility 0 */
}

int crl_denial_parse(const char *record, struct crl_denial *ret)
{
	const char *text = strchr(record, ';');
	struct crl_denial d;
	int rc;

	if (!text || !is_kernels(record) || strncmp(text + 1, PREFIX, strlen(PREFIX)) != 0)
		return -ENOENT;
	text += 1 + strlen(PREFIX);
	rc = parse_time(text, &d.when_ms);
	if (rc == 0)
		rc = find_number(text, " uid=", &d.uid);
	if (rc == 0)
		rc = find_number(text, " pid=", &d.pid);
	if (rc == 0)
		rc = find_comm(text, d.comm);
	if (rc == 0)
		rc = find_hex(text, " arch=", &d.arch);
	if (rc == 0)
		rc = find_number(text, " syscall=", &d.call);
	if (rc == 0)
		*ret = d;
	return rc;
}

bool crl_denial_is_usual(const struct crl_denial *denial)
{
	return denial->call == __NR_clone3; /* one number for all architectures */
}

int crl_denials_read(int fd, crl_denial_each *each, void *arg)
{
	static char record[RECORD_MAX + 1];

	for (int i = 0; i < RECORDS_MAX; i++) { /* R2 */
		ssize_t n = read(fd, record, RECORD_MAX);
		struct crl_denial d;

		if (n == 0 || (n < 0 && errno == EAGAIN))
			return 0;
		if (n < 0 && errno != EPIPE && errno != EINTR) /* EPIPE: some were overwritten before we came to them */
			return -errno;
		if (n < 0)
			continue;
		record[n] = '\0';
		if (crl_denial_parse(record, &d) == 0)
			each(arg, &d);
	}
	return 0;
}
