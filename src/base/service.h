// SPDX-License-Identifier: Apache-2.0
/*
 * What a service has to leave to those who open sessions in it, and by what it is taken away.
 *
 * Runs in: helper (which inherits it), carrelctl (which looks at the service from outside). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of a policy wants a capability. */
enum crl_want {
	CRL_WANT_ALWAYS, /* also where nothing is made but a record */
	CRL_WANT_ROOM, /* namespaces of any kind */
	CRL_WANT_NET, /* a network namespace, whose loopback is brought up */
	CRL_WANT_OVERLAY, /* an overlay's upper is made for somebody else, and read */
	CRL_WANT_TIME, /* a time namespace, whose boot clock is set */
};

struct crl_wanted_cap {
	unsigned int cap;
	const char *name;
	enum crl_want want;
	const char *options; /* of a unit, that take it away, beside CapabilityBoundingSet= */
};

extern const struct crl_wanted_cap crl_wanted_caps[];
extern const size_t crl_wanted_caps_len;

/* Options of a unit whose filter keeps rooms from being made, or something from them. */
struct crl_service_option {
	const char *name;
	const char *lost; /* what comes of it */
	bool refuses; /* logins */
};

extern const struct crl_service_option crl_service_options[];
extern const size_t crl_service_options_len;
