#include "data/foreign.h"

#include <string.h>

static const char parquet[] =
    "a Parquet file, which is not read: python3 -c \"import pandas, sys; "
    "pandas.read_parquet(sys.argv[1]).to_csv(sys.argv[2], index=False)\" FILE.parquet FILE.csv "
    "converts it (the training guide has a line for photos in it)";

bool foreign_check(const uint8_t *bytes, size_t size, const char *path, caption_error *error) {
    static const struct {
        const char *start, *found;
    } kinds[] = {
        {"PAR1", parquet},
        {"ARROW1", "an Arrow file, which is not read: expected JSON Lines or CSV of photos"},
        {"\x1F\x8B", "data compressed by gzip: gunzip it first"},
        {"\x28\xB5\x2F\xFD", "data compressed by zstd: unzstd it first"},
        {"\xFD"
         "7zXZ",
         "data compressed by xz: unxz it first"},
        {"BZh", "data compressed by bzip2: bunzip2 it first"},
        {"PK\3\4", "a zip archive: unzip it, and name its folder"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const size_t length = strlen(kinds[i].start);
        if (size < length || memcmp(bytes, kinds[i].start, length) != 0) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: is %s", path, kinds[i].found);
    }
    return true;
}
