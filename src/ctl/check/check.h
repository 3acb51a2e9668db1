// SPDX-License-Identifier: Apache-2.0
/* carrelctl check: the configuration, and what of this host it depends on. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;
struct ctl_pam_view;

/* A configuration by itself, whichever counts. @ret  to be freed by crl_config_free(); NULL = could not be read */
void ctl_check_config(struct ctl_findings *f, const char *path, struct crl_config **ret);

/* All of it. @f  CTL_FINDINGS_NONE before, to be given back by ctl_findings_done() or ctl_findings_print() */
void ctl_check_all(struct ctl_findings *f, const struct ctl *c);

/*
 * What decides whether logins work once the PAM services are as in @v.
 * @config   NULL = could not be read
 * @service  by that one; NULL = by every service that carrel is in
 */
void ctl_check_for_service(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
			   const struct crl_config *config, const char *service);
