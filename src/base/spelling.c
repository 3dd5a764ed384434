#include "base/spelling.h"

#include <string.h>

size_t spelling_distance(const char *typed, size_t length, const char *name) {
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1], name_length = strlen(name);
    if (length > LONGEST || name_length > LONGEST) return LONGEST;
    for (size_t j = 0; j <= name_length; j++) row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        char c = typed[i - 1] == '_' ? '-' : typed[i - 1];
        for (size_t j = 1; j <= name_length; j++) {
            size_t change = diagonal + (c != name[j - 1]);
            size_t shift = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[name_length];
}
