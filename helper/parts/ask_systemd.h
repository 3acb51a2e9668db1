// SPDX-License-Identifier: Apache-2.0
/*
 * Questions to systemd, by carrel-bus.
 *
 * Runs in: helper, steward; root, host namespaces.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "helper/process/ask.h"

/*
 * Ask one question, all at once or in two steps.
 * @argv         argv[0] is filled in; NULL-ended
 * @deadline_ms  as crl_now_ms() counts; then carrel-bus is killed and the answer is -ETIMEDOUT
 * Errors (stage LIMITS): as systemd says; -EAGAIN: not now, but soon, which crl_systemd_ask() takes for no answer as
 * long as there is time.
 */
int crl_systemd_ask(char **argv, int64_t deadline_ms, struct crl_err *err) CRL_MUST_CHECK;
int crl_systemd_begin(char **argv, struct crl_question *ret, struct crl_err *err) CRL_MUST_CHECK;
int crl_systemd_await(struct crl_question *q, int64_t deadline_ms, struct crl_err *err) CRL_MUST_CHECK;

/* Where carrel-bus is. @size  PATH_MAX is always enough. Errors as crl_beside(). */
int crl_systemd_bus_path(char *buf, size_t size) CRL_MUST_CHECK;
