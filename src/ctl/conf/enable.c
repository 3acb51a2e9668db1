// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl enable, disable: carrel's two lines in /etc/pam.d/SERVICE.
 *
 * R1: the file is replaced by rename, whole or not at all, with its owner and mode.
 * R3: what carrelctl check would call an error of the result is not written, and what a session then shows to fail is
 *     taken back: the file is byte for byte what it was.
 * R2: what was there before enable is kept in BACKUP beside the configuration, not in pam.d, where every file is a
 *     service.
 */
#include "ctl/commands.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/check/check.h"
#include "ctl/check/findings.h"
#include "ctl/check/pam.h"
#include "ctl/check/policies.h"
#include "ctl/command.h"
#include "ctl/conf/enable_shell.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/testsession.h"
#include "ctl/conf/who.h"
#include "ctl/host/module.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamview.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "policy/file/load.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define BACKUP "pam-backup"

static bool is_service(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) < CRL_SERVICE_MAX && !strchr(name, '/');
}

static int read_file(const char *path, char **ret_text, struct stat *ret_st, struct crl_err *err)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len;
	int rc;

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot read %s: %s", path, strerrordesc_np(errno));
	if (!S_ISREG(ret_st->st_mode))
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s is no plain file", path);
	rc = crl_file_read_all(fd, ret_text, &len);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot read %s: %s", path, strerrordesc_np(-rc));
	if (strlen(*ret_text) != len)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s has a NUL byte in it", path);
	return 0;
}

static int replace(const char *path, const char *text, const struct stat *as, struct crl_err *err) /* R1 */
{
	char temp[PATH_MAX];
	const char *slash = strrchr(path, '/');
	scoped_fd fd = -EBADF;
	int rc;

	(void)snprintf(temp, sizeof(temp), "%.*s/.carrel-XXXXXX", (int)(slash - path), path); /* no name of a service */
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot write beside %s: %s", path,
				   strerrordesc_np(errno));
	rc = crl_file_write_all(fd, text, strlen(text));
	if (rc == 0 && (fchown(fd, as->st_uid, as->st_gid) < 0 || fchmod(fd, as->st_mode & 07777) < 0))
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlink(temp);
		return crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot replace %s: %s", path, strerrordesc_np(-rc));
	}
	return 0;
}

static int keep_backup(const struct ctl *c, const char *service, const char *text, char path[PATH_MAX],
		       struct crl_err *err) /* R2 */
{
	scoped_fd fd = -EBADF;
	int rc;

	ctl_beside_config(c, BACKUP, path);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot make %s: %s", path, strerrordesc_np(errno));
	(void)snprintf(path + strlen(path), PATH_MAX - strlen(path), "/%s", service);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	rc = fd < 0 ? -errno : crl_file_write_all(fd, text, strlen(text));
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot write the backup %s: %s", path,
				    strerrordesc_np(-rc))
		      : 0;
}

/* What the module must be told when not everything is where it looks by itself. */
static void arguments_of(const struct ctl *c, char *buf, size_t size)
{
	const struct {
		const char *name, *value, *usual;
	} all[] = {{"config", c->config, CRL_CONFIG_PATH},
		   {"state", c->state, CRL_STATE_DIR},
		   {"helper", c->helper, CRL_HELPER_PATH}};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(all); i++)
		if (strcmp(all[i].value, all[i].usual) != 0 && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s=%s", len ? " " : "", all[i].name,
						all[i].value);
}

/* By its bare name where libpam finds it, else by the path that it was installed to. */
static const char *module_name(const struct ctl *c)
{
	scoped_free struct ctl_module *m = malloc(sizeof(*m));

	if (c->module || !m)
		return c->module ? c->module : CTL_MODULE_NAME;
	ctl_module_ask(CTL_MODULE_NAME, m);
	if (m->loaded || access(CRL_MODULE_PATH, F_OK) != 0)
		return CTL_MODULE_NAME;
	ctl_module_ask(CRL_MODULE_PATH, m);
	return m->loaded ? CRL_MODULE_PATH : CTL_MODULE_NAME;
}

/* One change of one service. */
struct change {
	const struct ctl *c;
	const char *service;
	char path[PATH_MAX];
	char *text; /* as it is; owned */
	struct stat st;
	struct crl_config *config;
	char backup[PATH_MAX];
	bool asks; /* nothing is changed: is it as it should be? */
};

static void findings_of(const struct change *e, const struct ctl_pam_view *v, struct ctl_findings *ret)
{
	*ret = (struct ctl_findings){.table = {.column = ctl_findings_column, .columns = CTL_FINDINGS_COLUMNS},
				     .enabling = v->name};
	ctl_check_pam(ret, v, e->config);
}

/* R3. @after  the file as it would be. Returns whether it may be written, and has said why not. */
static bool may_be(const struct change *e, const char *after)
{
	const struct ctl_pam_view now = {.dir = e->c->pam_dir},
				  then = {.dir = e->c->pam_dir, .name = e->service, .text = after};
	struct ctl_findings before, f;
	bool good;

	findings_of(e, &now, &before);
	findings_of(e, &then, &f);
	ctl_findings_subtract(&f, &before);
	ctl_findings_done(&before);
	if (e->config)
		ctl_check_required(&f, e->config, e->service);
	ctl_check_for_service(&f, e->c, &then, e->config, e->service);
	ctl_findings_acknowledge(&f, e->config, false);
	good = f.count[CTL_ERROR] == 0 || e->c->force;
	if (f.table.cells > 0) {
		ctl_findings_print(e->c, &f);
		(void)fflush(stdout);
	} else {
		ctl_findings_done(&f);
	}
	return good;
}

static bool fits_rules(void *arg, const struct crl_login *l)
{
	const struct crl_rule *rule;
	const struct crl_match m = {.login = l, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};

	return crl_rules_match(crl_config_rules(arg), &m, &rule, NULL) == 0;
}

/* R3. The lines are in. */
static enum ctl_exit try_session(const struct change *e)
{
	scoped_free struct crl_login *who = malloc(sizeof(*who));
	struct ctl c = *e->c;
	struct crl_err err = {0}, back = {0};
	int rc;

	c.service = e->service;
	if (!who || !ctl_sample_user(&c, fits_rules, e->config, who)) {
		(void)printf("no user of this host gets a room by %s, so no session was tried%s\n", e->service,
			     c.user ? "" : ": name one by --user");
		return CTL_YES;
	}
	rc = ctl_session_try(e->c, e->service, who->user, &err);
	if (rc == 0 || rc == -ENOTSUP) {
		(void)printf(rc == 0 ? "a session of %s%s was opened and closed\n" : "no session of %s was tried: %s\n",
			     who->user, rc == 0 ? "" : err.text);
		return CTL_YES;
	}
	if (e->c->force)
		return ctl_complain(e->c, CTL_NO, "a session of %s fails, and the lines stay, as --force wants: %s",
				    who->user, err.text);
	if (replace(e->path, e->text, &e->st, &back) < 0) {
		(void)ctl_error(e->c, &back);
		return ctl_complain(e->c, CTL_FAIL,
				    "a session fails, and the lines cannot be taken back: do it now (%s)", err.text);
	}
	return ctl_complain(e->c, CTL_NO, "a session of %s fails, so %s is as it was: %s", who->user, e->path,
			    err.text);
}

static enum ctl_exit write_lines(struct change *e, const char *changed)
{
	struct crl_err err = {0};
	enum ctl_exit status = CTL_YES;
	int rc = keep_backup(e->c, e->service, e->text, e->backup, &err);

	if (rc == 0)
		rc = replace(e->path, changed, &e->st, &err);
	if (rc < 0)
		return ctl_error(e->c, &err);
	if (!e->c->no_rehearse)
		status = try_session(e);
	if (status == CTL_YES || e->c->force)
		(void)printf(
			"%s: carrel's two lines are in; what was there is in %s\n"
			"Keep this shell open and log in from another terminal. The way back: carrelctl disable %s\n",
			e->path, e->backup, e->service);
	return status;
}

/* Carrel is there already: by its own lines, or by a file that the service includes. */
static enum ctl_exit is_enabled(const struct change *e, const struct ctl_pam_step *step)
{
	const struct ctl_pam_view v = {.dir = e->c->pam_dir};
	struct ctl_findings f;
	bool good = true;

	findings_of(e, &v, &f);
	for (size_t i = 0; i < f.table.cells; i += f.table.columns)
		good &= strcmp(f.table.cell[i], "error") != 0 || !f.table.cell[i + 1] ||
			strcmp(f.table.cell[i + 1], e->path) != 0;
	ctl_findings_done(&f);
	if (!good)
		return ctl_complain(
			e->c, CTL_NO,
			"%s: line %d: carrel is in this stack already, but not as it should be: carrelctl check tells",
			e->path, step->via);
	if (e->asks)
		(void)printf("enabled\n");
	else if (step->own)
		(void)printf("%s: carrel's lines are in already\n", e->path);
	else
		(void)printf("%s: carrel comes by line %d, which includes %s: nothing to do\n", e->path, step->via,
			     step->path);
	return CTL_YES;
}

/* Returns whether it was, with @ret_status what came of it. */
static bool was_enabled(const struct change *e, enum ctl_exit *ret_status)
{
	const struct ctl_pam_view v = {.dir = e->c->pam_dir};
	struct ctl_pam_sessions s;
	bool found = false;

	if (ctl_pam_view_sessions(&v, e->service, &s) < 0)
		return false;
	for (size_t i = 0; i < s.len && !found; i++) {
		found = s.step[i].line.opens || s.step[i].line.closes;
		if (found)
			*ret_status = is_enabled(e, &s.step[i]);
	}
	ctl_pam_sessions_done(&s);
	return found;
}

static enum ctl_exit enable_one(struct change *e)
{
	scoped_free char *changed = NULL;
	struct crl_err err = {0};
	enum ctl_exit status;
	char arguments[PATH_MAX];
	struct ctl_pam_wish wish = {.arguments = arguments};
	int rc;

	if (was_enabled(e, &status))
		return status;
	arguments_of(e->c, arguments, sizeof(arguments));
	wish.module = module_name(e->c);
	rc = ctl_pam_stack_enable(e->text, &wish, &changed, &err);
	if (rc < 0)
		return rc == -EINVAL ? ctl_complain(e->c, CTL_FAIL, "%s, %s", e->path, err.text)
				     : ctl_error(e->c, &err);
	if (!may_be(e, changed))
		return ctl_complain(e->c, CTL_NO,
				    "%s is left alone, since that would be wrong; --force does it all the same",
				    e->path);
	return write_lines(e, changed);
}

static enum ctl_exit disable_one(const struct change *e)
{
	scoped_free char *changed = NULL;
	struct crl_err err = {0};
	int gone = ctl_pam_stack_disable(e->text, &changed);

	if (gone == -EUCLEAN)
		return ctl_complain(e->c, CTL_FAIL,
				    "%s has lines of carrel that cannot be told apart: take them out by hand", e->path);
	if (gone < 0)
		return ctl_complain(e->c, CTL_FAIL, "out of memory");
	if (gone == 0) {
		(void)printf("%s has no line of carrel: nothing to do\n", e->path);
		return CTL_YES;
	}
	if (replace(e->path, changed, &e->st, &err) < 0)
		return ctl_error(e->c, &err);
	(void)printf("%s: %d lines of carrel are out; open logins stay in their rooms\n", e->path, gone);
	return CTL_YES;
}

/* Vendors keep some elsewhere: a file of that name in pam.d takes their place, and is the administrator's to write. */
static bool is_vendors(const struct change *e)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", PAM_VENDOR_DIR, e->service);
	return strcmp(e->c->pam_dir, PAM_DIR) == 0 && access(e->path, F_OK) != 0 && access(path, F_OK) == 0;
}

static enum ctl_exit do_change(struct change *e, bool enable)
{
	const struct ctl *c = e->c;
	struct crl_err err = {0};

	/* With a broken configuration every login would be refused at once. */
	if (enable && ctl_load_config(c, &e->config, &err) == 0 && crl_config_check_all(e->config, &err) == 0)
		err = (struct crl_err){0};
	if (err.code)
		return ctl_error(c, &err);
	if (is_vendors(e))
		return ctl_complain(c, CTL_NO,
				    "%s is not there, but %s/%s: copy that one first, then it is yours to change",
				    e->path, PAM_VENDOR_DIR, e->service);
	if (read_file(e->path, &e->text, &e->st, &err) < 0)
		return ctl_error(c, &err);
	return enable ? enable_one(e) : disable_one(e);
}

static enum ctl_exit change(const struct ctl *c, const char *service, bool enable)
{
	scoped_free struct change *e = calloc(1, sizeof(*e));
	enum ctl_exit status;

	if (!e)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (!is_service(service))
		return ctl_complain(c, CTL_USAGE, "\"%s\" is no name of a PAM service", service);
	e->c = c;
	e->service = service;
	(void)snprintf(e->path, sizeof(e->path), "%s/%s", c->pam_dir, service);
	status = do_change(e, enable);
	crl_config_free(e->config);
	free(e->text);
	return status;
}

static enum ctl_exit run_enable(const struct ctl *c, int argc, char **argv)
{
	(void)argc;
	return c->shell ? ctl_enable_shell(c, argv[0], true) : change(c, argv[0], true);
}

const struct ctl_command ctl_enable_command = {
	.name = "enable",
	.usage = "SERVICE, or --shell USER|GROUP|@GROUP",
	.summary = "put carrel into /etc/pam.d/SERVICE",
	.options =
		(const struct ctl_option[]){
			CTL_OPTION_TRY_AS,
			{.name = "force", .help = "also where carrelctl check would tell an error", CTL_FLAG(force)},
			{.name = "no-rehearse", .help = "make no room and no session to try it", CTL_FLAG(no_rehearse)},
			{.name = "shell",
			 .help = "instead: carrel-shell as sshd's ForceCommand, for a user or a group",
			 CTL_FLAG(shell)},
			CTL_OPTIONS_OF_FINDINGS,
			CTL_OPTION_PAM_DIR,
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl enable sshd --user alice",
			"carrelctl enable --shell students",
			NULL,
		},
	.least = 1,
	.most = 1,
	.offer = CTL_OFFER_SERVICE,
	.run = run_enable,
};

static enum ctl_exit run_disable(const struct ctl *c, int argc, char **argv)
{
	(void)argc;
	return c->shell ? ctl_enable_shell(c, argv[0], false) : change(c, argv[0], false);
}

const struct ctl_command ctl_disable_command = {
	.name = "disable",
	.usage = "SERVICE, or --shell USER|GROUP|@GROUP",
	.summary = "take carrel out of /etc/pam.d/SERVICE",
	.options =
		(const struct ctl_option[]){
			{.name = "shell",
			 .help = "instead: carrel-shell out of sshd_config, for a user or a group",
			 CTL_FLAG(shell)},
			CTL_OPTION_PAM_DIR,
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl disable sshd",
			NULL,
		},
	.least = 1,
	.most = 1,
	.offer = CTL_OFFER_SERVICE,
	.run = run_disable,
};

static enum ctl_exit run_is_enabled(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct change *e = calloc(1, sizeof(*e));
	enum ctl_exit status = CTL_NO;
	struct crl_err err = {0};

	(void)argc;
	if (!e)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (!is_service(argv[0]))
		return ctl_complain(c, CTL_USAGE, "\"%s\" is no name of a PAM service", argv[0]);
	e->c = c;
	e->service = argv[0];
	e->asks = true;
	(void)snprintf(e->path, sizeof(e->path), "%s/%s", c->pam_dir, e->service);
	if (ctl_load_config(c, &e->config, &err) < 0)
		return ctl_error(c, &err); /* by a broken one nobody is let in: neither of the two would say so */
	if (!was_enabled(e, &status))
		(void)printf("disabled\n");
	crl_config_free(e->config);
	return status;
}

const struct ctl_command ctl_is_enabled_command = {
	.name = "is-enabled",
	.usage = "SERVICE",
	.summary = "is carrel in /etc/pam.d/SERVICE, as it should be?",
	.options = (const struct ctl_option[]){CTL_OPTION_PAM_DIR, {.name = NULL}},
	.examples = (const char *const[]){"carrelctl is-enabled sshd || carrelctl enable sshd", NULL},
	.least = 1,
	.most = 1,
	.offer = CTL_OFFER_SERVICE,
	.run = run_is_enabled,
};
