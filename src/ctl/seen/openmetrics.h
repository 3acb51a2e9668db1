// SPDX-License-Identifier: Apache-2.0
/*
 * Numbers as OpenMetrics text, version 1.0.0, or as Prometheus' older text, for readers that know no other.
 *
 * Pure. Source: the OpenMetrics specification (github.com/prometheus/OpenMetrics).
 * R1: values of labels are texts that users may have chosen: they cannot end a label, a line or the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTL_OM_LABELS_MAX 3

/* Owned text: to be freed. Begin with all of it 0 but @old. */
struct ctl_om {
	bool old; /* Prometheus' text format 0.0.4 */
	char *text;
	size_t len;
	size_t room;
	const char *name; /* of the family that is written */
	enum ctl_om_type { CTL_OM_GAUGE, CTL_OM_COUNTER, CTL_OM_INFO, CTL_OM_HISTOGRAM } type;
};

struct ctl_om_label {
	const char *name; /* NULL = there are no more */
	const char *value;
};

/*
 * Begin a family: all of its samples follow, before the next one. Out of memory ends the program, as ctl_cell() does.
 * @name  without _total and the like; ends with "_" and the unit where there is one
 * @unit  "seconds", "bytes"; "" = none
 */
void ctl_om_family(struct ctl_om *om, enum ctl_om_type type, const char *name, const char *unit, const char *help);

/* One sample. @label  up to one without a name; NULL = none. */
void ctl_om_sample(struct ctl_om *om, const struct ctl_om_label *label, uint64_t value);
void ctl_om_sample_us(struct ctl_om *om, const struct ctl_om_label *label, uint64_t us); /* told in seconds */

/*
 * A whole histogram of times.
 * @bucket  @len of them, not summed up; the last has no upper end
 * @end_us  the upper ends of the others
 */
struct ctl_om_times {
	const uint64_t *bucket;
	const uint64_t *end_us;
	size_t len;
	uint64_t sum_us;
};
void ctl_om_histogram(struct ctl_om *om, const struct ctl_om_label *label, const struct ctl_om_times *times);

/* The end of the text. */
void ctl_om_end(struct ctl_om *om);
