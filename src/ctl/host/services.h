// SPDX-License-Identifier: Apache-2.0
/*
 * PAM services, by what their program does after it opened a session: does it work in a room? docs/install.md has the
 * table for people.
 */
#pragma once

enum ctl_service_works {
	CTL_SERVICE_WORKS, /* tried: it forks before it opens, and starts what the user runs by exec */
	CTL_SERVICE_BREAKS, /* tried, and it does not */
	CTL_SERVICE_UNTRIED
};

/* By whose name sshd asks PAM when no Match says otherwise: "sshd", or what PAMServiceName says. Read once. */
const char *ctl_service_of_sshd(void);

/* @ret_why  a sentence without its end, of what is known not to work; NULL where it works */
enum ctl_service_works ctl_service_known(const char *service, const char **ret_why);
