// SPDX-License-Identifier: Apache-2.0
/* See parts.h. */
#include "helper/parts.h"

#include "base/err.h"
#include "helper/sweep.h"

/*
 * Why this order: a seat before anything costs the host something; limits before the gate, which stands on the login's
 * cgroup, and before systemd, whose use of them is given up first; a listener before systemd, which is told where it
 * shall be; the user namespace before the root, whose owners are its ids; a terminal of the host's, what the kernel has
 * counted and until when an empty room stays before the record, which tells of them; the record last, since by it
 * others find the room.
 */
const struct crl_part *const crl_parts[] = {
	&crl_part_steward,
	&crl_part_seats,
	&crl_part_limits,
	&crl_part_gate,
	&crl_part_listener,
	&crl_part_systemd,
	&crl_part_settings,
	&crl_part_network,
	&crl_part_filter,
	&crl_part_user,
	&crl_part_root,
	&crl_part_public,
	&crl_part_home,
	&crl_part_values,
	&crl_part_errands,
	&crl_part_stage,
	&crl_part_accounting,
	&crl_part_outer,
	&crl_part_why,
	&crl_part_linger,
	&crl_part_image,
	&crl_part_recording,
	NULL,
};

#define EACH_PART(p) for (const struct crl_part *const *p = crl_parts; *p; p++)

/* Call a member of each row, until one fails. */
#define TRY_EACH(member, ...) \
	do { \
		int rc = 0; \
		EACH_PART (p) \
			if ((*p)->member && (rc = (*p)->member(__VA_ARGS__)) < 0) \
				return rc; \
		return 0; \
	} while (0)

#define CALL_EACH(member, ...) \
	do { \
		EACH_PART (p) \
			if ((*p)->member) \
				(*p)->member(__VA_ARGS__); \
	} while (0)

int crl_parts_admit(struct crl_job *job, struct crl_err *err)
{
	TRY_EACH(admit, job, err);
}

int crl_parts_look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	TRY_EACH(look, job, host, err);
}

int crl_parts_prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	TRY_EACH(prepare, job, room, err);
}

int crl_parts_equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		    struct crl_err *err)
{
	TRY_EACH(equip, job, room, mounts, init, err);
}

int crl_parts_in_room(const struct crl_init_args *args, int sys, struct crl_err *err)
{
	TRY_EACH(in_room, args, sys, err);
}

int crl_parts_stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	TRY_EACH(stand, job, room, err);
}

void crl_parts_keep(struct crl_job *job, struct crl_kept *room)
{
	CALL_EACH(keep, job, room);
}

void crl_parts_settle(struct crl_job *job, struct crl_kept *room)
{
	CALL_EACH(settle, job, room);
}

void crl_parts_begin(struct crl_kept *room, struct crl_member *m, int helper)
{
	CALL_EACH(begin, room, m, helper);
}

void crl_parts_end(struct crl_kept *room, struct crl_member *m)
{
	CALL_EACH(end, room, m);
}

void crl_parts_watch(struct crl_kept *room, struct crl_watches *w)
{
	CALL_EACH(watch, room, w);
}

void crl_parts_retry(struct crl_kept *room)
{
	CALL_EACH(retry, room);
}

void crl_parts_closing(struct crl_kept *room)
{
	CALL_EACH(closing, room);
}

void crl_parts_room_end(struct crl_kept *room)
{
	CALL_EACH(room_end, room);
}

void crl_parts_undo(struct crl_job *job, struct crl_kept *room)
{
	size_t n = 0;

	while (crl_parts[n])
		n++;
	while (n-- > 0)
		if (crl_parts[n]->undo)
			crl_parts[n]->undo(job, room);
}

int crl_parts_sweep(struct crl_sweeping *s, struct crl_err *err)
{
	int rc = 0;

	EACH_PART (p) {
		struct crl_err its = {0};

		if (!(*p)->sweep || (*p)->sweep(s, &its) >= 0 || rc < 0)
			continue;
		*err = its;
		rc = -its.code;
		s->failed = true;
	}
	return rc;
}
