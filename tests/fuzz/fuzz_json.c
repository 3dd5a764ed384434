/* JSON, and members of it. */
#include "base/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    caption_error error = {0};
    cJSON *json = json_parse((const char *)bytes, size, "text", &error);
    if (!json) {
        fuzz_check_error(&error);
        return 0;
    }
    size_t number;
    if (!json_string(json, "a", "text", "", &error)) fuzz_check_error(&error);
    if (!json_array(json, "b", "text", "", &error)) fuzz_check_error(&error);
    if (!json_size(json, "c", "text", "", &number, &error)) fuzz_check_error(&error);
    FUZZ_MUST(json_type(json) != NULL);
    cJSON_Delete(json);
    return 0;
}
