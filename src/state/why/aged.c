// SPDX-License-Identifier: Apache-2.0
/* See aged.h. */
#include "state/why/aged.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/scope.h"

#define HALF_S 60 /* a file is written in less */

void crl_aged_drop(int at, bool (*is_whole)(const char *name), unsigned int days)
{
	scoped(crl_dir) dir = {0};
	time_t now = time(NULL);

	if (crl_dir_open(at, ".", &dir) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&dir));) {
		bool whole = is_whole(name);
		time_t kept = whole ? (time_t)days * 86400 : HALF_S;
		struct stat st;

		if (name[0] != '.' && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (now - st.st_mtime > kept || (!whole && st.st_mtime - now > kept)))
			(void)unlinkat(at, name, 0);
	}
}
