// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's limits as properties of a systemd unit.
 *
 * Pure. Source: systemd.resource-control(5), org.freedesktop.systemd1(5).
 */
#pragma once

#include "plan/limits/cgroup.h"

#define CRL_UNIT_PROPERTIES_MAX 10
#define CRL_UNIT_TEXT_MAX (64 * CRL_CGROUP_WRITES_MAX)

/* Words of a command line: NAME=VALUE. */
struct crl_unit_properties {
	char text[CRL_UNIT_TEXT_MAX];
	const char *word[CRL_UNIT_PROPERTIES_MAX]; /* into text */
	size_t len;
};

/* All names that ever come out, in a fixed order. */
extern const char *const crl_unit_property_names[CRL_UNIT_PROPERTIES_MAX];

typedef bool crl_unit_is_set(void *arg, const char *name);

/*
 * @is_set  tells for a name whether the unit has it from an earlier login: what the plan leaves open is then lifted
 * Values are decimal, "infinity", or for the devices of io "/dev/block/MAJ:MIN BYTES,…", "" to lift.
 * Errors: -E2BIG more devices than the text holds.
 */
int crl_unit_properties_build(const struct crl_cgroup_plan *plan, crl_unit_is_set *is_set, void *arg,
			      struct crl_unit_properties *ret, struct crl_err *err) CRL_MUST_CHECK;
