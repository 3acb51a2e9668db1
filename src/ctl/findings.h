// SPDX-License-Identifier: Apache-2.0
/* What carrelctl check has found. Private to check*.c, inforce.c, try.c and enable.c. */
#pragma once

#include "ctl/ctl.h"
#include "ctl/pamview.h"

enum level { WARNING, ERROR };

struct findings {
	struct ctl_table table;
	size_t errors;
	size_t warnings;
	size_t wired; /* PAM services that name carrel */
};

/* Once each. @file  may be NULL, @line 0. @mend  what to do about it */
void find(struct findings *f, enum level level, const char *file, int line, const char *mend, const char *fmt, ...)
	CRL_PRINTF(6, 7);

/* check.c: a configuration by itself, whichever counts. @ret  to be freed; NULL = could not be read */
void check_config(struct findings *f, const char *path, struct crl_config **ret);
void print_findings(const struct ctl *c, struct findings *f);
void findings_done(struct findings *f);

/* Take out what @before has as well. */
void findings_subtract(struct findings *f, const struct findings *before);

extern const struct ctl_column findings_column[];
#define FINDINGS_COLUMNS 5

/* inforce.c: a trial under way, or what is left of one. @ret_path  PATH_MAX bytes: the configuration that counts */
void check_trial(struct findings *f, const struct ctl *c, char *ret_path);

/* check_policies.c: each policy of the configuration, alone, against its parent and against this host. */
void check_policies(struct findings *f, const struct crl_config *config);

/* check_rules.c */
void check_rules(struct findings *f, const struct crl_config *config);
void check_members(struct findings *f);

/* check_nsswitch.c */
void check_nsswitch(struct findings *f, const struct crl_config *config);

/* check_pam.c; @config  NULL = could not be read */
void check_pam(struct findings *f, const struct pam_view *v, const struct crl_config *config);

/* check_undo.c: other modules that want power at close. @config  NULL = could not be read */
void check_undo(struct findings *f, const struct pam_view *v, const struct crl_config *config);

/* check_kernel.c: what every room needs of it. */
void check_kernel(struct findings *f);

/* check_module.c: module, helper and carrelctl, as the PAM lines name them. */
void check_module(struct findings *f, const struct ctl *c, const struct pam_view *v);

/*
 * check_power.c: who may become root on this host, and whether somebody still can.
 * @service  as below
 */
void check_power(struct findings *f, const struct ctl *c, const struct pam_view *v, const struct crl_config *config,
		 const char *service);

/*
 * check_rehearse.c: the room of one user of each rule, made and ended. Needs root; what --no-rehearse leaves out.
 * @service  as below
 */
void check_rehearse(struct findings *f, const struct ctl *c, const struct crl_config *config, const char *service);

/* check.c: what decides whether logins by @service work once it is as in @v. NULL = every service that carrel is in */
void check_for_service(struct findings *f, const struct ctl *c, const struct pam_view *v,
		       const struct crl_config *config, const char *service);

/* check_manager.c: does systemd ask before it starts a user's service manager? Those that run or are wanted anyway. */
void check_manager_unit(struct findings *f, const struct pam_view *v, const struct crl_config *config);
void check_manager(struct findings *f, const struct pam_view *v, const struct crl_config *config);

/* check_doors.c: programs of the host that run, outside of rooms, what isolated users have in homes and spools. */
void check_doors(struct findings *f, const struct pam_view *v, const struct crl_config *config);

/* check_logind.c */
void check_logind(struct findings *f, const struct crl_config *config);
