/* Numbers as people read them. Written the same in every locale. The stream's own errors are left
 * to its owner. */
#ifndef CAPTION_REPORT_HTML_NUMBER_H
#define CAPTION_REPORT_HTML_NUMBER_H

#include <stddef.h>
#include <stdio.h>

/* 30,000 */
void html_number_count(FILE *stream, size_t count);

/* `decimals` (0..9) digits after the point; a dash for NaN and infinity. A minus is U+2212. */
void html_number_fixed(FILE *stream, double value, unsigned decimals);

/* "8 s", "12 min", "3 h 05 min"; a dash for NaN and infinity. */
void html_number_duration(FILE *stream, double seconds);

#endif
