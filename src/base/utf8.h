// SPDX-License-Identifier: Apache-2.0
/*
 * Characters beyond ASCII, for what goes to a terminal.
 *
 * Runs in: every product. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Length of the UTF-8 character that a terminated text begins with: 2 to 4 bytes. 0: none (ASCII is none here), not in
 * its shortest form, a control character, an end of a line, or what turns the direction of the text around it.
 */
size_t crl_utf8_printable(const char *text);

/* True for a line that a terminal takes for nothing but text: UTF-8 without control characters. */
bool crl_utf8_is_plain(const char *text);
