// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's limits as files and values of cgroup v2.
 *
 * Runs in: helper. Pure but for the device lookup that the caller hands in.
 */
#include "plan/limits/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

#define CPU_PERIOD_US 100000u
#define CPU_QUOTA_MIN_US 1000u /* the kernel refuses less, and more than the next */
#define CPU_QUOTA_MAX_US ((1ull << 44) - 1)
#define IO_KEYS 4

struct io_device {
	uint32_t major;
	uint32_t minor;
	uint64_t limit[IO_KEYS];
};

static const char *const io_key[IO_KEYS] = {"rbps", "wbps", "riops", "wiops"};

static struct crl_cgroup_write *add(struct crl_cgroup_plan *plan, const char *controller, const char *file,
				    const char *key)
{
	struct crl_cgroup_write *w = &plan->write[plan->len++];

	*w = (struct crl_cgroup_write){.controller = controller, .file = file, .key = key};
	return w;
}

static void add_number(struct crl_cgroup_plan *plan, const struct crl_cgroup_write *what, uint64_t n)
{
	struct crl_cgroup_write *w = add(plan, what->controller, what->file, what->key);

	(void)snprintf(w->value, sizeof(w->value), "%" PRIu64, n); /* 20 digits fit */
}

static int plan_cpu(const struct crl_limits *l, struct crl_cgroup_plan *plan, struct crl_err *err)
{
	if (l->cpu_permille != CRL_UNLIMITED) {
		struct crl_cgroup_write *w;
		uint64_t quota;

		if (__builtin_mul_overflow(l->cpu_permille, CPU_PERIOD_US / 1000, &quota) || quota < CPU_QUOTA_MIN_US ||
		    quota > CPU_QUOTA_MAX_US)
			return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS,
					   "limits.cpu must be at least 1%% of a processor and no more than "
					   "the kernel takes");
		w = add(plan, "cpu", "cpu.max", "limits.cpu");
		(void)snprintf(w->value, sizeof(w->value), "%" PRIu64 " %u", quota, CPU_PERIOD_US);
	}
	if (l->cpu_weight > 10000)
		return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS, "limits.cpu_weight must be between 1 and 10000");
	if (l->cpu_weight)
		add_number(plan,
			   &(struct crl_cgroup_write){
				   .controller = "cpu", .file = "cpu.weight", .key = "limits.cpu_weight"},
			   l->cpu_weight);
	return 0;
}

static void plan_counters(const struct crl_limits *l, struct crl_cgroup_plan *plan)
{
	const struct {
		struct crl_cgroup_write what;
		uint64_t n;
	} counter[] = {
		/* memory.high first: reclaim starts before a lowered memory.max kills. */
		{{.controller = "memory", .file = "memory.high", .key = "limits.memory_high"}, l->memory_high},
		{{.controller = "memory", .file = "memory.max", .key = "limits.memory"}, l->memory},
		{{.controller = "memory", .file = "memory.swap.max", .key = "limits.swap"}, l->swap},
		{{.controller = "pids", .file = "pids.max", .key = "limits.tasks"}, l->tasks},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(counter); i++)
		if (counter[i].n != CRL_UNLIMITED)
			add_number(plan, &counter[i].what, counter[i].n);
}

static void merge_device(struct io_device *d, const struct crl_io_limit *io)
{
	const uint64_t wish[IO_KEYS] = {io->read_bps, io->write_bps, io->read_iops, io->write_iops};

	for (size_t k = 0; k < IO_KEYS; k++)
		if (wish[k] < d->limit[k])
			d->limit[k] = wish[k];
}

static void add_device(struct crl_cgroup_plan *plan, const struct io_device *d)
{
	struct crl_cgroup_write *w = add(plan, "io", "io.max", "limits.io");
	int n = snprintf(w->value, sizeof(w->value), "%u:%u", d->major, d->minor);
	bool limited = false;

	/* 12 + 4 * 27 characters at most, so that nothing is ever cut. */
	_Static_assert(sizeof(w->value) >= 128, "io.max does not fit");
	for (size_t k = 0; k < IO_KEYS; k++) {
		bool open = d->limit[k] == CRL_UNLIMITED;

		limited |= !open;
		n += open ? snprintf(w->value + n, sizeof(w->value) - (size_t)n, " %s=max", io_key[k])
			  : snprintf(w->value + n, sizeof(w->value) - (size_t)n, " %s=%" PRIu64, io_key[k],
				     d->limit[k]);
	}
	if (!limited)
		plan->len--;
}

static int find_device(const struct crl_io_limit *io, crl_cgroup_find_device *device, struct io_device *ret,
		       struct crl_err *err)
{
	int rc = device ? device(io->path, &ret->major, &ret->minor) : -ENODEV;

	if (rc == -ENODEV)
		return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS,
				   "%s is on no block device that io.max could limit (limits.io)", io->path);
	if (rc == -EPERM)
		return crl_err_set(err, EPERM, CRL_STAGE_LIMITS,
				   "%s goes on below a directory that is not root's, whose owner would choose the disk "
				   "(limits.io)",
				   io->path);
	if (rc == -ELOOP)
		return crl_err_set(err, ELOOP, CRL_STAGE_LIMITS,
				   "a part of %s is a link: name what it leads to (limits.io)", io->path);
	if (rc < 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_LIMITS, "no block device found for %s (limits.io): %s",
				   io->path, strerrordesc_np(-rc) ?: "unknown error");
	return 0;
}

static int plan_io(const struct crl_limits *l, crl_cgroup_find_device *device, struct crl_cgroup_plan *plan,
		   struct crl_err *err)
{
	struct io_device dev[CRL_CGROUP_WRITES_MAX];
	size_t room = CRL_CGROUP_WRITES_MAX - plan->len;
	size_t len = 0;

	for (size_t i = 0; i < l->io_len; i++) {
		struct io_device d = {.limit = {CRL_UNLIMITED, CRL_UNLIMITED, CRL_UNLIMITED, CRL_UNLIMITED}};
		int rc = find_device(&l->io[i], device, &d, err);
		size_t at = 0;

		if (rc < 0)
			return rc;
		while (at < len && (dev[at].major != d.major || dev[at].minor != d.minor))
			at++;
		if (at == room)
			return crl_err_set(err, E2BIG, CRL_STAGE_LIMITS, "more than %zu devices (limits.io)", room);
		if (at == len)
			dev[len++] = d;
		merge_device(&dev[at], &l->io[i]);
	}
	for (size_t i = 0; i < len; i++)
		add_device(plan, &dev[i]);
	return 0;
}

static const struct crl_cgroup_write *find(const struct crl_cgroup_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->len; i++)
		if (strcmp(plan->write[i].file, file) == 0)
			return &plan->write[i];
	return NULL;
}

static uint64_t number_of(const struct crl_cgroup_write *w)
{
	return strtoull(w->value, NULL, 10); /* of cpu.max the quota: the period is always the same */
}

void crl_cgroup_plan_lower(struct crl_cgroup_plan *plan, const struct crl_cgroup_plan *above)
{
	static const char *const file[] = {"cpu.max", "memory.high", "memory.max", "memory.swap.max", "pids.max"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(file); i++) {
		const struct crl_cgroup_write *theirs = find(above, file[i]);
		struct crl_cgroup_write *own = theirs ? crl_unconst(find(plan, file[i])) : NULL;

		if (!theirs || (own && number_of(own) <= number_of(theirs)))
			continue;
		if (own)
			*own = *theirs;
		else if (plan->len < CRL_CGROUP_WRITES_MAX)
			plan->write[plan->len++] = *theirs;
	}
}

int crl_cgroup_plan_build(const struct crl_limits *l, crl_cgroup_find_device *device, struct crl_cgroup_plan *ret,
			  struct crl_err *err)
{
	int rc;

	ret->len = 0;
	rc = plan_cpu(l, ret, err);
	if (rc < 0)
		return rc;
	plan_counters(l, ret);
	return plan_io(l, device, ret, err);
}
