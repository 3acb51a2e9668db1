// SPDX-License-Identifier: Apache-2.0
/*
 * Which records are right when: every receiver names the phase that it is in, and takes nothing else.
 *
 * Runs in: every product. Source: docs/protocol.md, "Phases".
 */
#pragma once

#include <stdint.h>

/* What one receive call stands for. */
struct crl_phase {
	const char *name;
	const char *who; /* waits in it: "module", "helper", "supervisor", "init", "listener" */
	uint32_t accept; /* CRL_ACCEPT() of each type that is right */
};

#define CRL_ACCEPT(type) (1u << (type))

enum {
	CRL_PHASE_REQUEST, /* a login */
	CRL_PHASE_GROUP,
	CRL_PHASE_GROUP_NAME,
	CRL_PHASE_ANSWER,
	CRL_PHASE_ENTERING,
	CRL_PHASE_CONFIRMING,
	CRL_PHASE_LIVING,
	CRL_PHASE_LISTENING, /* instead of it, until the login's listener has come */
	CRL_PHASE_CLOSING,
	CRL_PHASE_BIRTH, /* a room */
	CRL_PHASE_HARDENING,
	CRL_PHASE_ORDERS,
	CRL_PHASE_CALL, /* a further login of a room */
	CRL_PHASE_TAKING,
	CRL_PHASE_JOINING,
	CRL_PHASE_TERMINAL,
	CRL_PHASE_SERVING, /* the listener process */
	CRL_PHASE_COUNT
};

extern const struct crl_phase crl_phases[CRL_PHASE_COUNT];
