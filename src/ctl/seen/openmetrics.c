// SPDX-License-Identifier: Apache-2.0
/* See openmetrics.h. */
#include "ctl/seen/openmetrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

static const char *const types[] = {[CTL_OM_GAUGE] = "gauge",
				    [CTL_OM_COUNTER] = "counter",
				    [CTL_OM_INFO] = "info",
				    [CTL_OM_HISTOGRAM] = "histogram"};

static void put_bytes(struct ctl_om *om, const char *text, size_t len)
{
	if (om->len + len + 1 > om->room) {
		om->room = 2 * om->room + len + 1024;
		om->text = realloc(om->text, om->room);
		if (!om->text)
			abort();
	}
	memcpy(om->text + om->len, text, len);
	om->len += len;
	om->text[om->len] = '\0';
}

static CRL_PRINTF(2, 3) void put(struct ctl_om *om, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	put_bytes(om, text, (size_t)n);
	free(text);
}

/* What a sample's name has behind that of its family. */
static const char *suffix_of(const struct ctl_om *om)
{
	return om->type == CTL_OM_COUNTER ? "_total" : om->type == CTL_OM_INFO ? "_info" : "";
}

void ctl_om_family(struct ctl_om *om, enum ctl_om_type type, const char *name, const char *unit, const char *help)
{
	om->type = type;
	om->name = name;
	if (om->old) { /* which has no infos, and calls a family as its samples */
		put(om, "# HELP %s%s %s\n", name, suffix_of(om), help);
		put(om, "# TYPE %s%s %s\n", name, suffix_of(om), types[type == CTL_OM_INFO ? CTL_OM_GAUGE : type]);
		return;
	}
	put(om, "# TYPE %s %s\n", name, types[type]);
	if (unit[0])
		put(om, "# UNIT %s %s\n", name, unit);
	put(om, "# HELP %s %s\n", name, help);
}

/* R1 */
static void put_value(struct ctl_om *om, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			put_bytes(om, "\\n", 2);
		else if ((unsigned char)*value >= 0x7f || *value < ' ')
			put(om, "\\\\x%02x", (unsigned char)*value); /* no control, and nothing that may be no UTF-8 */
		else if (*value == '"' || *value == '\\')
			put(om, "\\%c", *value);
		else
			put_bytes(om, value, 1);
}

static void put_name(struct ctl_om *om, const char *suffix, const struct ctl_om_label *label, const char *le)
{
	const char *before = "{";

	put(om, "%s%s", om->name, suffix);
	for (; label && label->name; label++) {
		put(om, "%s%s=\"", before, label->name);
		put_value(om, label->value);
		put_bytes(om, "\"", 1);
		before = ",";
	}
	if (le)
		put(om, "%sle=\"%s\"", before, le);
	put(om, "%s ", *before == ',' || le ? "}" : "");
}

static void put_us(struct ctl_om *om, uint64_t us)
{
	put(om, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

void ctl_om_sample(struct ctl_om *om, const struct ctl_om_label *label, uint64_t value)
{
	put_name(om, suffix_of(om), label, NULL);
	put(om, "%" PRIu64 "\n", value);
}

void ctl_om_sample_us(struct ctl_om *om, const struct ctl_om_label *label, uint64_t us)
{
	put_name(om, suffix_of(om), label, NULL);
	put_us(om, us);
}

/* The shortest that is a number with a point: "0.0025", "10.0". */
static void format_end(uint64_t us, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);

	while (buf[len - 1] == '0' && buf[len - 2] != '.')
		buf[--len] = '\0';
}

void ctl_om_histogram(struct ctl_om *om, const struct ctl_om_label *label, const struct ctl_om_times *times)
{
	uint64_t sum = 0;
	char end[32];

	for (size_t i = 0; i < times->len; i++) {
		sum += times->bucket[i];
		if (i + 1 < times->len)
			format_end(times->end_us[i], end, sizeof(end));
		put_name(om, "_bucket", label, i + 1 < times->len ? end : "+Inf");
		put(om, "%" PRIu64 "\n", sum);
	}
	put_name(om, "_count", label, NULL);
	put(om, "%" PRIu64 "\n", sum);
	put_name(om, "_sum", label, NULL);
	put_us(om, times->sum_us);
}

void ctl_om_end(struct ctl_om *om)
{
	if (!om->old)
		put(om, "# EOF\n");
}
