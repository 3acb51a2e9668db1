// SPDX-License-Identifier: Apache-2.0
/*
 * From files and values of cgroup v2 to the names and units that systemd has for them.
 *
 * Runs in: helper. Pure.
 */
#include "plan/limits/unit_properties.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *file;
	const char *key; /* of io.max, else NULL */
	const char *name;
} map[CRL_UNIT_PROPERTIES_MAX] = {
	{"cpu.max", NULL, "CPUQuotaPerSecUSec"},    {"cpu.weight", NULL, "CPUWeight"},
	{"memory.high", NULL, "MemoryHigh"},        {"memory.max", NULL, "MemoryMax"},
	{"memory.swap.max", NULL, "MemorySwapMax"}, {"pids.max", NULL, "TasksMax"},
	{"io.max", "rbps", "IOReadBandwidthMax"},   {"io.max", "wbps", "IOWriteBandwidthMax"},
	{"io.max", "riops", "IOReadIOPSMax"},       {"io.max", "wiops", "IOWriteIOPSMax"},
};

const char *const crl_unit_property_names[CRL_UNIT_PROPERTIES_MAX] = {
	"CPUQuotaPerSecUSec", "CPUWeight",          "MemoryHigh",          "MemoryMax",     "MemorySwapMax",
	"TasksMax",           "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax",
};

struct out {
	struct crl_unit_properties *p;
	size_t used;
	bool full;
};

static void put(struct out *o, const char *text)
{
	size_t len = strlen(text);

	if (o->used + len + 1 > sizeof(o->p->text)) {
		o->full = true;
		return;
	}
	memcpy(o->p->text + o->used, text, len + 1);
	o->used += len;
}

static void begin(struct out *o, const char *name)
{
	o->p->word[o->p->len++] = o->p->text + o->used;
	put(o, name);
	put(o, "=");
}

/* "50000 100000" is half a CPU: 500000 microseconds of each second. */
static void put_cpu(struct out *o, const char *value)
{
	uint64_t quota = 0, period = 1;
	char text[24];

	(void)sscanf(value, "%" SCNu64 " %" SCNu64, &quota, &period); /* plan/cgroup.c wrote it */
	(void)snprintf(text, sizeof(text), "%" PRIu64, quota * (1000000 / period));
	put(o, text);
}

/* The value of @key in "8:16 rbps=5 wbps=max …"; false when it is max. */
static bool find_io(const char *value, const char *key, char *ret, size_t size)
{
	char start[16];
	const char *at;

	(void)snprintf(start, sizeof(start), " %s=", key);
	at = strstr(value, start);
	if (!at)
		return false;
	at += strlen(start);
	(void)snprintf(ret, size, "%.*s", (int)strcspn(at, " "), at);
	return strcmp(ret, "max") != 0;
}

/* Returns whether there was any device. */
static bool put_io(struct out *o, const struct crl_cgroup_plan *plan, size_t m)
{
	bool any = false;

	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_cgroup_write *w = &plan->write[i];
		char number[24], device[32];

		if (strcmp(w->file, "io.max") != 0 || !find_io(w->value, map[m].key, number, sizeof(number)))
			continue;
		if (!any)
			begin(o, map[m].name);
		else
			put(o, ",");
		(void)snprintf(device, sizeof(device), "/dev/block/%.*s ", (int)strcspn(w->value, " "), w->value);
		put(o, device);
		put(o, number);
		any = true;
	}
	return any;
}

static bool put_number(struct out *o, const struct crl_cgroup_plan *plan, size_t m)
{
	for (size_t i = 0; i < plan->len; i++) {
		if (strcmp(plan->write[i].file, map[m].file) != 0)
			continue;
		begin(o, map[m].name);
		if (m == 0)
			put_cpu(o, plan->write[i].value);
		else
			put(o, plan->write[i].value);
		return true;
	}
	return false;
}

int crl_unit_properties_build(const struct crl_cgroup_plan *plan, crl_unit_is_set *is_set, void *arg,
			      struct crl_unit_properties *ret, struct crl_err *err)
{
	struct out o = {.p = ret};

	ret->len = 0;
	for (size_t m = 0; m < CRL_UNIT_PROPERTIES_MAX; m++) {
		bool there = map[m].key ? put_io(&o, plan, m) : put_number(&o, plan, m);

		if (!there && is_set(arg, map[m].name)) {
			begin(&o, map[m].name);
			put(&o, map[m].key ? "" : "infinity");
		} else if (!there) {
			continue;
		}
		o.used++; /* keep the NUL */
	}
	if (o.full)
		return crl_err_set(err, E2BIG, CRL_STAGE_LIMITS, "more devices in limits.io than systemd can be told");
	return 0;
}
