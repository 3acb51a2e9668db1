// SPDX-License-Identifier: Apache-2.0
/*
 * See enable_shell.h.
 *
 * R1: the file is replaced whole; what sshd would not start with is taken back, to the byte.
 * R2: what is written counts: sshd is asked afterwards, and where something else comes first it is taken back.
 */
#include "ctl/conf/enable_shell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/host/sshdask.h"
#include "ctl/host/sshdconf.h"
#include "ctl/print/out.h"
#include "wire/login.h"

#define DROPINS "/etc/ssh/sshd_config.d"
#define DROPIN DROPINS "/carrel-shell.conf"
#define MARK "# carrel-shell"

struct shell_change {
	const struct ctl *c;
	const char *kind; /* "User", "Group" */
	const char *name;
	char sample[CRL_USER_MAX]; /* somebody whom it is for; "" = there is nobody */
	const char *path; /* of the file */
	char *text; /* as it is; NULL = it is not there; owned */
	char begin[512], end[512]; /* lines around the block */
};

/* Does this line include the directory of drop-ins? @ret_match  it begins what is for some alone */
static bool includes_dropins(const char *line, bool *ret_match)
{
	char word[256];

	*ret_match = false;
	if (!ctl_sshd_next_word(&line, word, sizeof(word)))
		return false;
	*ret_match = strcasecmp(word, "Match") == 0;
	if (strcasecmp(word, "Include") != 0)
		return false;
	while (ctl_sshd_next_word(&line, word, sizeof(word)))
		if (strcmp(word, DROPINS "/*.conf") == 0)
			return true;
	return false;
}

/* As Debian has it: for everyone. */
static bool has_dropins(void)
{
	scoped_file *f = fopen(SSHD_CONFIG, "re");
	scoped_free char *line = NULL;
	bool found = false, match = false;
	size_t size = 0;

	while (f && access(DROPINS, F_OK) == 0 && !found && !match && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		found = includes_dropins(line, &match);
	}
	return found;
}

static bool is_plain(const char *name)
{
	return name[0] &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static void take_sample(struct shell_change *e, const char *user)
{
	(void)snprintf(e->sample, sizeof(e->sample), "%s", user);
}

/* A member by the list, or by the primary group. */
static void sample_of_group(struct shell_change *e, const struct group *g)
{
	const gid_t gid = g->gr_gid;
	const struct passwd *pw;

	if (g->gr_mem[0]) {
		take_sample(e, g->gr_mem[0]);
		return;
	}
	setpwent();
	while (!e->sample[0] && (pw = getpwent()))
		if (pw->pw_gid == gid && pw->pw_uid != 0)
			take_sample(e, pw->pw_name);
	endpwent();
}

static enum ctl_exit find_who(struct shell_change *e, const char *who)
{
	bool group = who[0] == '@';
	const struct group *g;

	e->name = group ? who + 1 : who;
	e->kind = "User";
	if (!is_plain(e->name))
		return ctl_complain(e->c, CTL_USAGE, "\"%s\" is no name that sshd_config can have as it is", e->name);
	if (!group && getpwnam(e->name)) {
		take_sample(e, e->name);
		return CTL_YES;
	}
	g = getgrnam(e->name);
	if (!g)
		return ctl_complain(e->c, CTL_NO, "there is no %s%s", group ? "group " : "user or group ", e->name);
	e->kind = "Group";
	sample_of_group(e, g);
	return CTL_YES;
}

static int read_text(const char *path, char **ret)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	size_t len;
	int rc;

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = crl_file_read_all(fd, ret, &len);
	return rc == 0 && strlen(*ret) != len ? -EINVAL : rc;
}

/* @text  NULL = the file goes */
static int write_text(const struct shell_change *e, const char *text)
{
	char beside[PATH_MAX];
	struct stat st;
	const struct crl_file file = {
		.name = e->path,
		.beside = beside,
		.data = text,
		.len = text ? strlen(text) : 0,
		.mode = stat(e->path, &st) == 0 ? st.st_mode & 07777 : 0644,
		.durable = true,
	};

	(void)snprintf(beside, sizeof(beside), "%s.carrel-new", e->path); /* no name that Include reads */
	if (!text || !*text)
		return unlink(e->path) < 0 && errno != ENOENT ? -errno : 0;
	return crl_file_replace(AT_FDCWD, &file); /* R1 */
}

/* Where the block begins in the text, with all of it up to @ret_end; NULL = it is not there. */
static const char *find_block(const struct shell_change *e, const char **ret_end)
{
	const char *begin = e->text ? strstr(e->text, e->begin) : NULL;
	const char *end = begin ? strstr(begin, e->end) : NULL;

	if (!end || (begin != e->text && begin[-1] != '\n'))
		return NULL;
	*ret_end = end + strlen(e->end);
	return begin;
}

static char *with_block(const struct shell_change *e)
{
	const char *old = e->text ? e->text : "";
	size_t len = strlen(old);
	char *text = NULL;

	if (asprintf(&text, "%s%s%sMatch %s %s\n\tForceCommand %s\nMatch all\n%s", old,
		     len > 0 && old[len - 1] != '\n' ? "\n" : "", e->begin, e->kind, e->name, CRL_SHELL_PATH,
		     e->end) < 0)
		return NULL;
	return text;
}

static char *without_block(const struct shell_change *e, const char *begin, const char *end)
{
	char *text = NULL;

	return asprintf(&text, "%.*s%s", (int)(begin - e->text), e->text, end) < 0 ? NULL : text;
}

static enum ctl_exit take_back(const struct shell_change *e, const char *why)
{
	int rc = write_text(e, e->text);

	if (rc < 0)
		return ctl_complain(e->c, CTL_FAIL, "%s, and %s cannot be put back: do it now (%s)", why, e->path,
				    strerrordesc_np(-rc));
	return ctl_complain(e->c, CTL_NO, "%s: %s is as it was", why, e->path);
}

/* R2 */
static enum ctl_exit prove(const struct shell_change *e)
{
	char command[512];

	if (ctl_sshd_is_valid() != 1)
		return take_back(e, "sshd does not take it (sshd -t)");
	if (!e->sample[0])
		return CTL_YES;
	if (ctl_sshd_value_for(e->sample, "forcecommand", command, sizeof(command)) < 0)
		return take_back(e, "sshd does not say what counts for them (sshd -T)");
	return strcmp(command, CRL_SHELL_PATH) == 0 ? CTL_YES
						    : take_back(e, "another ForceCommand comes first for them");
}

static enum ctl_exit put_in(struct shell_change *e)
{
	scoped_free char *text = with_block(e);
	const char *end;
	enum ctl_exit status;
	int rc;

	if (find_block(e, &end)) {
		(void)printf("%s: carrel-shell is forced for them already\n", e->path);
		return CTL_YES;
	}
	if (access(CRL_SHELL_PATH, X_OK) < 0)
		return ctl_complain(e->c, CTL_FAIL, CRL_SHELL_PATH " is not there");
	if (ctl_sshd_is_valid() != 1)
		return ctl_complain(e->c, CTL_NO, "sshd would not start as it is (sshd -t): mend that first");
	rc = text ? write_text(e, text) : -ENOMEM;
	if (rc < 0)
		return ctl_complain(e->c, CTL_FAIL, "cannot write %s: %s", e->path, strerrordesc_np(-rc));
	status = prove(e);
	if (status == CTL_YES)
		(void)printf("%s: logins of %s %s go through carrel-shell as soon as sshd reads it again "
			     "(systemctl reload ssh)\nThe way back: carrelctl disable --shell %s%s\n",
			     e->path, e->kind[0] == 'U' ? "user" : "group", e->name, e->kind[0] == 'U' ? "" : "@",
			     e->name);
	return status;
}

static enum ctl_exit take_out(struct shell_change *e)
{
	const char *end = NULL, *begin = find_block(e, &end);
	scoped_free char *text = begin ? without_block(e, begin, end) : NULL;
	int rc;

	if (!begin) {
		(void)printf("%s has no block of carrel-shell for them: nothing to do\n", e->path);
		return CTL_YES;
	}
	rc = text ? write_text(e, text) : -ENOMEM;
	if (rc < 0)
		return ctl_complain(e->c, CTL_FAIL, "cannot write %s: %s", e->path, strerrordesc_np(-rc));
	if (ctl_sshd_is_valid() != 1)
		return take_back(e, "sshd does not take it (sshd -t)");
	(void)printf("%s: the block is out; sshd has to read it again (systemctl reload ssh)\n", e->path);
	return CTL_YES;
}

enum ctl_exit ctl_enable_shell(const struct ctl *c, const char *who, bool enable)
{
	struct shell_change e = {.c = c, .path = has_dropins() ? DROPIN : SSHD_CONFIG};
	enum ctl_exit status = find_who(&e, who);
	int rc;

	if (status != CTL_YES)
		return status;
	rc = read_text(e.path, &e.text);
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot read %s: %s", e.path, strerrordesc_np(-rc));
	(void)snprintf(e.begin, sizeof(e.begin), MARK " for %s %s: begin\n", e.kind, e.name);
	(void)snprintf(e.end, sizeof(e.end), MARK " for %s %s: end\n", e.kind, e.name);
	status = enable ? put_in(&e) : take_out(&e);
	free(e.text);
	return status;
}
