// SPDX-License-Identifier: Apache-2.0
/* The table of phases; see phases.h. */
#include "wire/phases.h"

#include "wire/proto.h"

#define IS(type) CRL_ACCEPT(CRL_MSG_##type)

const struct crl_phase crl_phases[CRL_PHASE_COUNT] = {
	[CRL_PHASE_REQUEST] = {"request", "helper", IS(OPEN)},
	[CRL_PHASE_GROUP] = {"group", "helper", IS(FOUND)},
	[CRL_PHASE_GROUP_NAME] = {"group name", "helper", IS(NAMED)},
	[CRL_PHASE_ANSWER] = {"answer", "module", IS(LOOKUP) | IS(NAME) | IS(ROOM) | IS(REFUSED)},
	[CRL_PHASE_ENTERING] = {"entering", "helper", IS(ENTERED)},
	[CRL_PHASE_CONFIRMING] = {"confirming", "module", IS(CONFIRMED) | IS(REFUSED)},
	[CRL_PHASE_LIVING] = {"living", "supervisor", IS(CLOSE)},
	[CRL_PHASE_LISTENING] = {"listening", "supervisor", IS(LISTENER) | IS(CLOSE)},
	[CRL_PHASE_CLOSING] = {"closing", "module", IS(CLOSED)},
	[CRL_PHASE_BIRTH] = {"birth", "helper", IS(READY)},
	[CRL_PHASE_HARDENING] = {"hardening", "helper", IS(CONFIRMED)},
	[CRL_PHASE_ORDERS] = {"orders", "init", IS(SIGNAL)},
	[CRL_PHASE_CALL] = {"call", "supervisor", IS(JOIN)},
	[CRL_PHASE_TAKING] = {"taking", "helper", IS(TAKEN) | IS(REFUSED)},
	[CRL_PHASE_JOINING] = {"joining", "supervisor", IS(JOINED)},
	[CRL_PHASE_TERMINAL] = {"terminal", "supervisor", IS(TERMINAL)},
	[CRL_PHASE_SERVING] = {"serving", "listener", IS(LISTENER)},
};
