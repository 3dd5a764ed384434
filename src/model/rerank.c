#include "model/rerank.h"

#include <string.h>

#include "base/json.h"
#include "model/confidence.h"

/* Far beyond what any fit gives. */
static const double largest = 1e6;

bool rerank_is_there(const struct rerank *rerank) {
    return rerank->agreement > 0 || rerank->coverage > 0;
}

static bool read_weight(const cJSON *object, const char *key, const char *name, double *out,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, NULL, error);
    if (!member) return false;
    if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0 && member->valuedouble <= largest))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected a number from 0 to %g",
                         name, key, largest);
    *out = member->valuedouble;
    return true;
}

static bool read_all(const cJSON *object, const char *name, struct rerank *rerank,
                     caption_error *error) {
    if (!read_weight(object, "agreement", name, &rerank->agreement, error) ||
        !read_weight(object, "coverage", name, &rerank->coverage, error)) {
        return false;
    }
    const int found = cJSON_GetArraySize(object);
    return found == 2 ||
           error_set(error, CAPTION_ERROR_FORMAT, "%s: expected 2 keys, found %d", name, found);
}

bool rerank_parse(struct rerank *rerank, const char *text, const char *name, caption_error *error) {
    cJSON *object = json_parse(text, strlen(text), name, error);
    if (!object) return false;
    const bool ok = read_all(object, name, rerank, error);
    cJSON_Delete(object);
    return ok;
}

cJSON *rerank_json(const struct rerank *rerank, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddNumberToObject(object, "agreement", rerank->agreement) &&
        cJSON_AddNumberToObject(object, "coverage", rerank->coverage)) {
        return object;
    }
    cJSON_Delete(object);
    error_memory(error, "the re-ranking of captions");
    return NULL;
}

double rerank_score(const struct rerank *rerank, double score, const double *signals) {
    return score + rerank->agreement * signals[CONFIDENCE_AGREEMENT] +
           rerank->coverage * signals[CONFIDENCE_COVERAGE];
}
