// SPDX-License-Identifier: Apache-2.0
/* See pamlog.h. Does not include syslog.h, whose own definitions these take the place of. */
#include "ctl/host/pamlog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"

static struct {
	char *buf; /* NULL = the C library's */
	size_t size;
} heard;

#define EXPORT __attribute__((visibility("default")))

void vsyslog(int priority, const char *fmt, va_list ap); /* as in syslog(3) */
EXPORT void syslog(int priority, const char *fmt, ...) CRL_PRINTF(2, 3);
EXPORT void __syslog_chk(int priority, int flag, const char *fmt, ...) CRL_PRINTF(3, 4);

void ctl_pam_log_to(char *buf, size_t size)
{
	heard.buf = buf;
	heard.size = size;
}

CRL_PRINTF(2, 0) static void hear(int priority, const char *fmt, va_list ap)
{
	size_t have = heard.buf ? strlen(heard.buf) : 0;

	if (!heard.buf)
		vsyslog(priority, fmt, ap);
	else if (have + 1 < heard.size) {
		(void)vsnprintf(heard.buf + have, heard.size - have, fmt, ap);
		have = strlen(heard.buf);
		if (have + 1 < heard.size)
			memcpy(heard.buf + have, "\n", 2);
	}
}

void syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hear(priority, fmt, ap);
	va_end(ap);
}

void __syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	hear(priority, fmt, ap);
	va_end(ap);
}
