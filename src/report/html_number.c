#include "report/html_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>

static const char DASH[] = "\xE2\x80\x93";  /* U+2013 */
static const char MINUS[] = "\xE2\x88\x92"; /* U+2212 */
#define BETWEEN "\xC2\xA0"                  /* U+00A0: a number and its unit stay together */

void html_number_count(FILE *stream, size_t count) {
    if (count >= 1000) {
        html_number_count(stream, count / 1000);
        fprintf(stream, ",%03zu", count % 1000);
        return;
    }
    fprintf(stream, "%zu", count);
}

void html_number_fixed(FILE *stream, double value, unsigned decimals) {
    uint64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++) unit *= 10;
    double scaled = round(fabs(value) * (double)unit);
    if (!isfinite(scaled)) {
        fputs(DASH, stream);
        return;
    }
    if (value < 0 && scaled > 0) fputs(MINUS, stream);
    if (scaled > 9e15) { /* a double is no longer exact to the unit */
        fprintf(stream, "%.0e", fabs(value));
        return;
    }
    uint64_t whole = (uint64_t)scaled;
    fprintf(stream, "%" PRIu64, whole / unit);
    if (unit > 1) fprintf(stream, ".%0*" PRIu64, (int)decimals, whole % unit);
}

void html_number_duration(FILE *stream, double seconds) {
    if (!(seconds >= 0) || seconds > 1e12) {
        fputs(DASH, stream);
        return;
    }
    uint64_t minutes = (uint64_t)(seconds / 60 + 0.5);
    if (seconds < 10) {
        html_number_fixed(stream, seconds, 1);
        fputs(BETWEEN "s", stream);
    } else if (seconds < 100) {
        fprintf(stream, "%.0f" BETWEEN "s", seconds);
    } else if (minutes < 60) {
        fprintf(stream, "%" PRIu64 BETWEEN "min", minutes);
    } else {
        fprintf(stream, "%" PRIu64 BETWEEN "h" BETWEEN "%02" PRIu64 BETWEEN "min", minutes / 60,
                minutes % 60);
    }
}
