// SPDX-License-Identifier: Apache-2.0
/*
 * A text for somebody else's terminal. Pure.
 *
 * Owns: rule 4 of terminals.h: what comes out is printable ASCII, "\r\n", and whole UTF-8 characters that are no
 * control characters and do not turn the direction of a line around.
 */
#pragma once

#include <stddef.h>

/*
 * Append @text to the text in @buf, of @size bytes: \r\n for a newline, a blank for a tab, ^X for a control character,
 * \xNN for any other byte that is not as above. What does not fit is left out. Returns the length of all.
 */
size_t ctl_speech_visible(char *buf, size_t size, const char *text);
