// SPDX-License-Identifier: Apache-2.0
/*
 * See errand_program.h.
 *
 * Runs in: helper, steward (root), carrelctl. Trusts: what root owns and only root can write, from "/" down.
 * R1: a program that does as a file in the home says is no errand: it would do so outside of the room. R2: no scripts.
 */
#include "apply/errand_program.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

/* R1: whatever bits they have: some hosts give them one, so that a password in /etc is theirs alone to read. */
static const char *const obey_the_home[] = {"msmtp",  "esmtp", "esmtp-wrapper", "putmail",   "putmail.py",
					    "nbsmtp", "mail",  "mailx",         "bsd-mailx", "heirloom-mailx",
					    "s-nail", "mutt",  "neomutt"};

/* R1. Those that have no bit and are called by the name itself (Postfix, nullmailer) read nothing there. */
static bool has_power(const struct crl_errand *e, const struct stat *st, const char *path)
{
	const char *base = strrchr(path, '/') + 1;

	if (e->power == CRL_ERRAND_PLAIN)
		return true;
	for (size_t i = 0; i < CRL_ARRAY_LEN(obey_the_home); i++)
		if (strcmp(base, obey_the_home[i]) == 0)
			return false;
	return st->st_mode & (S_ISUID | S_ISGID) ||
	       (e->power == CRL_ERRAND_MAILER &&
		(strcmp(base, "sendmail") == 0 || strcmp(base, "sendmail.postfix") == 0 ||
		 strcmp(base, "mailq.postfix") == 0));
}

int crl_errand_program_find(const struct crl_errand *e, const char *path, char ret_path[PATH_MAX], struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char link[64], magic[4];
	struct stat st;
	ssize_t n;
	int rc = crl_path_open_trusted(path, CRL_PATH_PROGRAM, CRL_STAGE_REQUEST, &fd, err);

	if (rc < 0)
		return rc;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret_path, PATH_MAX - 1);
	if (n <= 0 || ret_path[0] != '/' || fstat(fd, &st) < 0)
		return crl_err_set(err, n <= 0 ? errno : EIO, CRL_STAGE_REQUEST, "%s: its real path is not known",
				   path);
	ret_path[n] = '\0';
	if (read(fd, magic, sizeof(magic)) != sizeof(magic) || memcmp(magic, "\177ELF", sizeof(magic)) != 0) /* R2 */
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "%s: found a script, expected a program", ret_path);
	if (!has_power(e, &st, ret_path)) /* R1 */
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "%s: obeys files of the user's, or may, since it has no "
				   "set-user-ID or set-group-ID bit",
				   ret_path);
	return 0;
}
