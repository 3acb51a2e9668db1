// SPDX-License-Identifier: Apache-2.0
/* What is asked before something is thrown away, and what it is called when it is not; see kept.h. */
#include "ctl/home/kept.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/print/out.h"

bool ctl_kept_name_before(char ret[CRL_SNAPSHOT_NAME_MAX])
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) && strftime(ret, CRL_SNAPSHOT_NAME_MAX, "before-%Y%m%d-%H%M%S", &tm) > 0;
}

bool ctl_kept_confirm(const struct ctl *c, const char *fmt, ...)
{
	char answer[16] = "", text[400];
	va_list ap;

	if (c->yes)
		return true;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!isatty(STDIN_FILENO)) {
		(void)ctl_complain(c, CTL_USAGE, "%s: without a terminal this wants --yes", text);
		return false;
	}
	(void)fprintf(stderr, "%s? [y/N] ", text);
	if (fgets(answer, sizeof(answer), stdin) && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
		return true;
	(void)fprintf(stderr, "Nothing was done.\n");
	return false;
}
