// SPDX-License-Identifier: Apache-2.0
/* See cwd.h. */
#include "door/cwd.h"

#include <sys/stat.h>
#include <unistd.h>

void crl_cwd_save(struct crl_cwd *ret)
{
	struct stat st;

	/* A removed or unreachable directory has no path to come back to. */
	if (!getcwd(ret->path, sizeof(ret->path)) || ret->path[0] != '/' || stat(".", &st) < 0) {
		ret->path[0] = '\0';
		return;
	}
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
}

void crl_cwd_enter(const struct crl_cwd *cwd, const char *home)
{
	if (cwd->path[0] && chdir(cwd->path) == 0)
		return;
	if (home && chdir(home) == 0)
		return;
	(void)!chdir("/"); /* cannot fail, and setns() left us there already */
}

void crl_cwd_return(const struct crl_cwd *cwd)
{
	struct stat st;

	if (cwd->path[0] && chdir(cwd->path) == 0 && stat(".", &st) == 0 && st.st_dev == cwd->dev &&
	    st.st_ino == cwd->ino)
		return;
	(void)!chdir("/"); /* cannot fail */
}
