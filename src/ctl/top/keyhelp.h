// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: what its keys and columns are, on the screen. Pure. */
#pragma once

struct ctl_top_screen;

/* @line  where it begins */
void ctl_top_put_help(struct ctl_top_screen *s, int line);
