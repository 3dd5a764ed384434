#include "text/content.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* --- tables of words, without any grammar; each list ends with NULL --- */

/* Words without visible meaning. Their forms are left out with them. */
static const char *const content_functions[] = {
    /* articles, pronouns and their substitutes */
    "a", "an", "the", "this", "that", "these", "those", "it", "its", "itself", "he", "him", "his",
    "himself", "she", "her", "hers", "herself", "they", "them", "their", "theirs", "themselves",
    "i", "me", "my", "we", "us", "our", "you", "your", "who", "whom", "whose", "which", "what",
    "where", "when", "why", "how", "if", "there", "here", "one", "ones", "someone", "somebody",
    "something", "somthing", "anyone", "anything", "everyone", "everything", "nothing", "thing",
    "things", "else",
    /* how much */
    "some", "any", "all", "both", "each", "every", "either", "neither", "many", "much", "more",
    "most", "mostly", "few", "several", "various", "multiple", "numerous", "lot", "lots", "bunch",
    "number", "numbers", "pair", "pairs", "piece", "pieces", "part", "parts", "bit", "other",
    "others", "another", "same", "different", "such", "own", "no", "not", "none", "enough", "less",
    "only", "just", "even", "almost", "nearly", "partially", "partly", "slightly", "very", "too",
    "so", "quite", "rather", "really", "extremely", "about",
    /* conjunctions */
    "and", "or", "but", "nor", "as", "than", "because", "while", "whilst", "whist", "although",
    "though", "whether", "until", "once", "unless", "however",
    /* prepositions, and adverbs of place and time */
    "in", "on", "with", "of", "to", "at", "through", "thru", "down", "over", "up", "by", "into",
    "near", "nearby", "for", "from", "out", "off", "next", "behind", "around", "round", "along",
    "across", "under", "towards", "toward", "beside", "besides", "above", "below", "onto",
    "against", "after", "inside", "during", "past", "between", "upon", "among", "amongst", "amid",
    "amidst", "atop", "alongside", "within", "without", "beneath", "underneath", "beyond", "before",
    "since", "except", "despite", "via", "per", "opposite", "away", "apart", "ahead", "forward",
    "forwards", "backward", "backwards", "upward", "upwards", "downward", "downwards", "sideways",
    "together", "alone", "well", "also", "then", "now", "still", "again", "yet", "already",
    "always", "ever", "never", "soon", "later", "back", "backs", "front", "fronts", "top", "tops",
    "bottom", "bottoms", "side", "sides", "middle", "mid", "midst", "center", "centre", "end",
    "ends", "edge", "edges", "corner", "corners", "background", "backdrop", "foreground",
    "distance", "direction", "directions", "left", "right", "upside", "upper", "lower", "rear",
    "nearest", "close", "closely", "closer", "far", "way", "place", "places", "spot", "spots",
    "area", "areas", "position", "location", "locations", "surface", "kind", "kinds", "type",
    "types", "sort", "sorts", "style", "styles", "form", "item", "items", "object", "objects",
    "stuff", "time", "times", "view", "views", "image", "images", "scene", "scenes", "order",
    "like", "unknown", "ready", "able", "ok", "okay", "else", "everywhere", "somewhere", "anywhere",
    "first", "second", "last", "half", "full", "whole", "including", "according", "toward",
    "visible", "similar", "certain", "particular",
    /* auxiliaries, and verbs without a meaning of their own */
    "be", "am", "is", "are", "was", "were", "been", "being", "have", "has", "had", "having", "do",
    "does", "did", "done", "doing", "can", "could", "may", "might", "must", "shall", "should",
    "will", "would", "cannot", "get", "got", "go", "come", "came", "take", "took", "make", "let",
    "lets", "seem", "appear", "try", "begin", "start", "use", "become", "prepare", "attempt",
    "wear", "contain", "include", "belong", "happen", "want", "need", "facing", "trying", "using",
    "going", "getting", "taking", "making", "wearing", "coming", "preparing", "attempting",
    "starting", "beginning", "put", "give", "show", "set", "say", "help", "leave", "leaving",
    "quickly", "please", "mr", "mrs", "st", "th", "viz", "int", NULL};

/* Words that only look like a form of another: "shorts" is not a form of "short". */
static const char *const content_own_words[] = {
    "building", "shorts",  "pants",    "glasses",  "woods",    "dressed",  "dressing", "news",
    "evening",  "bedding", "stocking", "painting", "parking",  "training", "matching", "fencing",
    "bowling",  "boxing",  "spotted",  "clothes",  "clothing", "trunks",   "blinds",   "tired",
    "closed",   "shed",    "outing",   "living",   "icing",    "toppings", "topping",  "rugged",
    "cans",     "shades",  "seed",     "waters",   "overalls", "goods",    "bored",    "wing",
    "king",     "ring",    "darling",  "herring",  "saw",      "left",     "used",     "colored",
    "coloured", "rose",    "willing",  "timing",   "earring",  "bearing",  "timer",    NULL};

/* Colours, numbers and sizes. */
static const char *const content_repeatable[] = {
    "black",        "white",     "red",      "blue",     "brown",     "green",     "yellow",
    "pink",         "orange",    "purple",   "gray",     "grey",      "tan",       "beige",
    "gold",         "golden",    "silver",   "maroon",   "teal",      "turquoise", "violet",
    "navy",         "aqua",      "khaki",    "cream",    "crimson",   "scarlet",   "lavender",
    "magenta",      "peach",     "burgundy", "blond",    "blonde",    "brunette",  "dark",
    "light",        "bright",    "pale",     "colorful", "colourful", "colored",   "coloured",
    "multicolored", "one",       "two",      "three",    "four",      "five",      "six",
    "seven",        "eight",     "nine",     "ten",      "eleven",    "twelve",    "dozen",
    "first",        "second",    "third",    "double",   "single",    "several",   "many",
    "few",          "couple",    "pair",     "group",    "big",       "bigger",    "biggest",
    "large",        "larger",    "largest",  "small",    "smaller",   "smallest",  "little",
    "tiny",         "huge",      "giant",    "tall",     "taller",    "short",     "shorter",
    "long",         "longer",    "wide",     "narrow",   "thin",      "thick",     "medium",
    "mini",         "miniature", "massive",  "deep",     "high",      "low",       "young",
    "younger",      "old",       "older",    NULL};

/* An irregular form, and the root of the word, which is not looked up further. The last one's form
 * is NULL. */
struct content_form {
    const char *form, *other;
};

static const struct content_form content_irregular_forms[] = {
    /* nouns */
    {"men", "man"},
    {"women", "woman"},
    {"children", "child"},
    {"feet", "foot"},
    {"teeth", "tooth"},
    {"geese", "goose"},
    {"mice", "mouse"},
    {"oxen", "ox"},
    {"leaves", "leaf"},
    {"halves", "half"},
    {"policemen", "policeman"},
    {"firemen", "fireman"},
    {"gentlemen", "gentleman"},
    {"businessmen", "businessman"},
    {"fishermen", "fisherman"},
    {"groomsmen", "groomsman"},
    {"snowmen", "snowman"},
    {"salesmen", "salesman"},
    {"clothing", "clothes"},
    {"topping", "toppings"},
    {"grandchildren", "grandchild"},
    /* adjectives */
    {"older", "old"},
    {"oldest", "old"},
    {"younger", "young"},
    {"youngest", "young"},
    {"smaller", "small"},
    {"smallest", "small"},
    {"larger", "large"},
    {"largest", "large"},
    {"bigger", "big"},
    {"biggest", "big"},
    {"taller", "tall"},
    {"tallest", "tall"},
    {"longer", "long"},
    {"shorter", "short"},
    {"higher", "high"},
    {"darker", "dark"},
    {"blond", "blonde"},
    /* numbers */
    {"2", "two"},
    {"3", "three"},
    {"4", "four"},
    {"5", "five"},
    {"6", "six"},
    {"7", "seven"},
    {"8", "eight"},
    {"9", "nine"},
    {"10", "ten"},
    /* spelling */
    {"grey", "gray"},
    {"colour", "color"},
    {"colourful", "colorful"},
    {"coloured", "colored"},
    {"multicoloured", "multicolored"},
    {"jewellery", "jewelry"},
    {"tyre", "tire"},
    {"theatre", "theater"},
    {"doughnut", "donut"},
    {"skiier", "skier"},
    {"skiiers", "skier"},
    /* verbs */
    {"ate", "eat"},
    {"eaten", "eat"},
    {"began", "begin"},
    {"begun", "begin"},
    {"bent", "bend"},
    {"bitten", "bite"},
    {"blew", "blow"},
    {"blown", "blow"},
    {"bought", "buy"},
    {"broke", "break"},
    {"broken", "break"},
    {"brought", "bring"},
    {"built", "build"},
    {"caught", "catch"},
    {"chosen", "choose"},
    {"dove", "dive"},
    {"drank", "drink"},
    {"drawn", "draw"},
    {"drew", "draw"},
    {"driven", "drive"},
    {"drove", "drive"},
    {"drunk", "drink"},
    {"dug", "dig"},
    {"dying", "die"},
    {"fallen", "fall"},
    {"fed", "feed"},
    {"fell", "fall"},
    {"flew", "fly"},
    {"flown", "fly"},
    {"fought", "fight"},
    {"frozen", "freeze"},
    {"gave", "give"},
    {"given", "give"},
    {"goes", "go"},
    {"gone", "go"},
    {"grew", "grow"},
    {"grown", "grow"},
    {"heard", "hear"},
    {"held", "hold"},
    {"hid", "hide"},
    {"hidden", "hide"},
    {"hung", "hang"},
    {"kept", "keep"},
    {"knelt", "kneel"},
    {"laid", "lay"},
    {"lain", "lay"},
    {"leapt", "leap"},
    {"led", "lead"},
    {"lie", "lay"},
    {"lies", "lay"},
    {"lit", "light"},
    {"lying", "lay"},
    {"made", "make"},
    {"met", "meet"},
    {"paid", "pay"},
    {"parked", "parking"},
    {"picnicking", "picnic"},
    {"ran", "run"},
    {"ridden", "ride"},
    {"risen", "rise"},
    {"rode", "ride"},
    {"said", "say"},
    {"sang", "sing"},
    {"sat", "sit"},
    {"seen", "see"},
    {"shaken", "shake"},
    {"shook", "shake"},
    {"shown", "show"},
    {"slept", "sleep"},
    {"slid", "slide"},
    {"sold", "sell"},
    {"sped", "speed"},
    {"spoken", "speak"},
    {"spun", "spin"},
    {"stolen", "steal"},
    {"stood", "stand"},
    {"struck", "strike"},
    {"stuck", "stick"},
    {"sung", "sing"},
    {"swam", "swim"},
    {"swung", "swing"},
    {"taken", "take"},
    {"taught", "teach"},
    {"threw", "throw"},
    {"thrown", "throw"},
    {"took", "take"},
    {"tore", "tear"},
    {"torn", "tear"},
    {"tying", "tie"},
    {"went", "go"},
    {"won", "win"},
    {"wore", "wear"},
    {"worn", "wear"},
    {"written", "write"},
    {"wrote", "write"},
    {NULL, NULL}};

/* --- which words are forms of one --- */

/* An ending, and its replacement in another form of the word. */
struct ending {
    const char *ending, *instead;
    bool undoubled;     /* "running": the letter before it is written once in the other form */
    size_t least_bytes; /* of the other form */
};

/* The first ending whose other form is in the vocabulary is used: "posing" belongs to "pose". */
static const struct ending endings[] = {
    {"s", "", false, 2},  {"ies", "y", false, 3}, {"ves", "f", false, 3}, {"ves", "fe", false, 3},
    {"es", "", false, 3}, {"ied", "y", false, 3}, {"ed", "e", false, 3},  {"ed", "", false, 3},
    {"ed", "", true, 3},  {"ing", "e", false, 3}, {"ing", "", false, 3},  {"ing", "", true, 3},
};

/* Adverbs are left out; these endings find their adjectives. */
static const struct ending adverb_endings[] = {
    {"ly", "", false, 3}, {"ily", "y", false, 3}, {"ly", "le", false, 4}};

/* Endings of words that have no other form without it. */
static const char *const stems[] = {"ss", "us", "eed"};

/* Relations between the words of a vocabulary. */
struct forms {
    const struct vocabulary *vocabulary;
    uint32_t
        *others; /* [count], another form of the word, nearer to the root; itself at the root */
    bool *is_function; /* [count] */
    bool *is_settled;  /* [count]: no ending is looked at */
};

static bool is_in(const char *const *list, const char *word) {
    for (; *list; list++) {
        if (strcmp(*list, word) == 0) return true;
    }
    return false;
}

static bool ends_with(const char *word, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    return length > size && memcmp(word + length - size, ending, size) == 0;
}

static bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (unsigned char)byte >= 0x80;
}

/* More than one letter, and no "'s" or "n't". */
static bool is_word(const char *word) {
    size_t letters = 0;
    for (const char *byte = word; *byte; byte++) {
        if (*byte == '\'') return false;
        letters += is_letter(*byte);
    }
    return letters > 1;
}

static bool is_number(const char *word) {
    return word[strspn(word, "0123456789")] == '\0';
}

bool content_may_repeat(const char *word) {
    return is_number(word) || is_in(content_repeatable, word);
}

/* The word with the ending replaced, in `other`; false if it does not end so. */
static bool replaced(const char *word, const struct ending *rule,
                     char other[static VOCABULARY_LONGEST_WORD + 2]) {
    const size_t length = strlen(word);
    if (!ends_with(word, length, rule->ending)) return false;
    size_t stem = length - strlen(rule->ending);
    if (rule->undoubled) {
        if (stem < 2 || word[stem - 1] != word[stem - 2]) return false;
        stem--;
    }
    const size_t added = strlen(rule->instead);
    if (stem + added < rule->least_bytes) return false;
    memcpy(other, word, stem);
    memcpy(other + stem, rule->instead, added + 1);
    return true;
}

/* The number of the first word made by the rules that the vocabulary has, or VOCABULARY_UNK. */
static size_t found_by(const struct vocabulary *vocabulary, const char *word,
                       const struct ending *rules, size_t count) {
    char other[VOCABULARY_LONGEST_WORD + 2];
    for (size_t i = 0; i < count; i++) {
        if (!replaced(word, &rules[i], other)) continue;
        const size_t number = vocabulary_find(vocabulary, other);
        if (number != VOCABULARY_UNK) return number;
    }
    return VOCABULARY_UNK;
}

static void look_up_tables(struct forms *forms) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (const char *const *word = content_functions; *word; word++) {
        const size_t number = vocabulary_find(vocabulary, *word);
        if (number == VOCABULARY_UNK) continue;
        forms->is_function[number] = forms->is_settled[number] = true;
    }
    for (const char *const *word = content_own_words; *word; word++) {
        const size_t number = vocabulary_find(vocabulary, *word);
        if (number != VOCABULARY_UNK) forms->is_settled[number] = true;
    }
    for (const struct content_form *form = content_irregular_forms; form->form; form++) {
        const size_t number = vocabulary_find(vocabulary, form->form);
        const size_t other = vocabulary_find(vocabulary, form->other);
        if (number == VOCABULARY_UNK || other == VOCABULARY_UNK) continue;
        forms->others[number] = (uint32_t)other;
        forms->is_settled[number] = forms->is_settled[other] = true; /* prevents cycles */
    }
}

static void look_at_ending(struct forms *forms, size_t number) {
    const char *word = forms->vocabulary->words[number];
    const size_t length = strlen(word);
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
        if (ends_with(word, length, stems[i])) return;
    }
    const size_t adjective = found_by(forms->vocabulary, word, adverb_endings,
                                      sizeof adverb_endings / sizeof adverb_endings[0]);
    if (adjective != VOCABULARY_UNK) {
        forms->is_function[number] = true;
        return;
    }
    const size_t other =
        found_by(forms->vocabulary, word, endings, sizeof endings / sizeof endings[0]);
    if (other != VOCABULARY_UNK) forms->others[number] = (uint32_t)other;
}

static uint32_t root_of(const struct forms *forms, size_t number) {
    uint32_t root = (uint32_t)number;
    while (forms->others[root] != root) root = forms->others[root];
    return root;
}

/* bases[root] becomes the form counted most often, then every form's base its root's. */
static void choose_bases(const struct forms *forms, uint32_t *bases) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (size_t i = 0; i < vocabulary->count; i++) bases[i] = CONTENT_NONE;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        const uint32_t root = root_of(forms, i);
        if (forms->is_function[i] || forms->is_function[root]) continue;
        const uint32_t best = bases[root];
        if (best == CONTENT_NONE || vocabulary->counts[i] > vocabulary->counts[best]) {
            bases[root] = (uint32_t)i;
        }
    }
}

static void find_forms(struct forms *forms) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (size_t i = 0; i < vocabulary->count; i++) forms->others[i] = (uint32_t)i;
    look_up_tables(forms);
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        if (forms->is_settled[i]) continue;
        if (is_word(vocabulary->words[i])) {
            look_at_ending(forms, i);
        } else {
            forms->is_function[i] = true;
        }
    }
}

bool content_bases(const struct vocabulary *vocabulary, uint32_t *bases, caption_error *error) {
    struct forms forms = {.vocabulary = vocabulary};
    forms.others = memory_zeroed(vocabulary->count, sizeof *forms.others, "words", error);
    forms.is_function = memory_zeroed(vocabulary->count, sizeof *forms.is_function, "words", error);
    forms.is_settled = memory_zeroed(vocabulary->count, sizeof *forms.is_settled, "words", error);
    const bool ok = forms.others && forms.is_function && forms.is_settled;
    if (ok) {
        find_forms(&forms);
        choose_bases(&forms, bases);
        for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
            bases[i] = forms.is_function[i] ? CONTENT_NONE : bases[root_of(&forms, i)];
        }
    }
    free(forms.others);
    free(forms.is_function);
    free(forms.is_settled);
    return ok;
}

/* --- tags --- */

/* A tag to choose from. */
struct choice {
    uint32_t word;
    uint64_t count;
};

static int by_falling_count(const void *a, const void *b) {
    const struct choice *left = a, *right = b;
    if (left->count != right->count) return left->count < right->count ? 1 : -1;
    return left->word < right->word ? -1 : left->word > right->word;
}

static bool allocate(struct tag_words *tags, size_t count, size_t word_count,
                     caption_error *error) {
    *tags = (struct tag_words){.word_count = word_count};
    tags->names = memory_zeroed(count, sizeof *tags->names, "tags", error);
    tags->tags = memory_uninitialised(word_count, sizeof *tags->tags, "tags", error);
    if (!tags->names || !tags->tags) {
        tag_words_free(tags);
        return false;
    }
    for (size_t i = 0; i < word_count; i++) tags->tags[i] = TAG_NONE;
    return true;
}

void tag_words_free(struct tag_words *tags) {
    free(tags->names);
    free(tags->tags);
    *tags = (struct tag_words){0};
}

/* The counts of all forms at the word that represents them, zero elsewhere, most frequent first. */
static void count_forms(const struct vocabulary *vocabulary, const uint32_t *bases,
                        struct choice *choices) {
    for (size_t i = 0; i < vocabulary->count; i++) choices[i].word = (uint32_t)i;
    for (size_t i = 0; i < vocabulary->count; i++) {
        if (bases[i] == CONTENT_NONE) continue;
        uint64_t *sum = &choices[bases[i]].count;
        if (__builtin_add_overflow(*sum, vocabulary->counts[i], sum)) *sum = UINT64_MAX;
    }
    qsort(choices, vocabulary->count, sizeof *choices, by_falling_count);
}

static bool take_most_frequent(struct tag_words *tags, const struct vocabulary *vocabulary,
                               const uint32_t *bases, const struct choice *choices, size_t most,
                               caption_error *error) {
    size_t count = 0;
    while (count < size_smaller(most, vocabulary->count) && choices[count].count > 0) count++;
    if (!allocate(tags, count, vocabulary->count, error)) return false;
    for (size_t i = 0; i < count; i++) {
        tags->names[i] = choices[i].word;
        tags->tags[choices[i].word] = (uint32_t)i;
    }
    tags->count = count;
    for (size_t i = 0; i < vocabulary->count; i++) {
        if (bases[i] != CONTENT_NONE) tags->tags[i] = tags->tags[bases[i]];
    }
    return true;
}

bool tag_words_choose(struct tag_words *tags, const struct vocabulary *vocabulary, size_t most,
                      caption_error *error) {
    *tags = (struct tag_words){0};
    uint32_t *bases = memory_uninitialised(vocabulary->count, sizeof *bases, "tags", error);
    struct choice *choices = memory_zeroed(vocabulary->count, sizeof *choices, "tags", error);
    bool ok = bases && choices && content_bases(vocabulary, bases, error);
    if (ok) {
        count_forms(vocabulary, bases, choices);
        ok = take_most_frequent(tags, vocabulary, bases, choices, most, error);
    }
    free(bases);
    free(choices);
    return ok;
}

/* Appends the forms of one tag, its name first, and a newline. */
static char *append_tag(char *end, const struct tag_words *tags,
                        const struct vocabulary *vocabulary, const uint32_t *next, size_t tag) {
    end = stpcpy(end, vocabulary->words[tags->names[tag]]);
    for (uint32_t word = next[tags->word_count + tag]; word != TAG_NONE; word = next[word]) {
        if (word == tags->names[tag]) continue;
        *end++ = ' ';
        end = stpcpy(end, vocabulary->words[word]);
    }
    *end++ = '\n';
    return end;
}

/* A list of its words for each tag, in the order of the vocabulary: next[word_count + tag] is the
 * first, next[word] the one after it, TAG_NONE the end. */
static void list_forms(const struct tag_words *tags, uint32_t *next) {
    for (size_t i = 0; i < tags->word_count + tags->count; i++) next[i] = TAG_NONE;
    for (size_t i = tags->word_count; i-- > 0;) {
        const uint32_t tag = tags->tags[i];
        if (tag == TAG_NONE) continue;
        next[i] = next[tags->word_count + tag];
        next[tags->word_count + tag] = (uint32_t)i;
    }
}

char *tag_words_format(const struct tag_words *tags, const struct vocabulary *vocabulary,
                       caption_error *error) {
    size_t size = 1;
    for (size_t i = 0; i < tags->word_count; i++) {
        if (tags->tags[i] != TAG_NONE) size += strlen(vocabulary->words[i]) + 1;
    }
    uint32_t *next =
        memory_uninitialised(tags->word_count + tags->count, sizeof *next, "tags", error);
    char *text = memory_uninitialised(size, 1, "tags", error);
    if (next && text) {
        list_forms(tags, next);
        char *end = text;
        for (size_t i = 0; i < tags->count; i++) end = append_tag(end, tags, vocabulary, next, i);
        *end = '\0';
    } else {
        free(text);
        text = NULL;
    }
    free(next);
    return text;
}

/* A list of tags while it is read. */
struct tag_reader {
    struct tag_words *tags;
    const struct vocabulary *vocabulary;
    const char *name;
    size_t line; /* from 1 */
};

static bool parse_form(const struct tag_reader *reader, const char *text, size_t length,
                       bool is_name, caption_error *error) {
    struct tag_words *tags = reader->tags;
    if (!vocabulary_is_word(text, length)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: expected words parted by single spaces", reader->name,
                         reader->line);
    }
    char word[VOCABULARY_LONGEST_WORD + 1];
    memcpy(word, text, length);
    word[length] = '\0';
    const size_t number = vocabulary_find(reader->vocabulary, word);
    if (number == VOCABULARY_UNK) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: \"%s\" is not a word of the vocabulary", reader->name,
                         reader->line, word);
    }
    if (tags->tags[number] != TAG_NONE) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: \"%s\" for a second time",
                         reader->name, reader->line, word);
    }
    if (is_name) tags->names[tags->count] = (uint32_t)number;
    tags->tags[number] = (uint32_t)tags->count;
    return true;
}

static bool parse_line(const struct tag_reader *reader, const char *text, size_t size,
                       caption_error *error) {
    const char *const start = text, *const end = text + size;
    for (;;) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        const char *form_end = space ? space : end;
        if (!parse_form(reader, text, (size_t)(form_end - text), text == start, error)) {
            return false;
        }
        if (!space) break;
        text = space + 1;
    }
    reader->tags->count++;
    return true;
}

/* Every line takes up a word at least, so there are no more tags than words. */
static bool parse_lines(struct tag_reader *reader, const char *text, size_t size,
                        caption_error *error) {
    const char *const end = text + size;
    for (reader->line = 1; text < end; reader->line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: line %zu: expected a newline at its end", reader->name,
                             reader->line);
        }
        if (!parse_line(reader, text, (size_t)(newline - text), error)) return false;
        text = newline + 1;
    }
    return true;
}

bool tag_words_parse(struct tag_words *tags, const struct vocabulary *vocabulary, const char *text,
                     size_t size, const char *name, caption_error *error) {
    if (!allocate(tags, vocabulary->count, vocabulary->count, error)) return false;
    struct tag_reader reader = {.tags = tags, .vocabulary = vocabulary, .name = name};
    if (parse_lines(&reader, text, size, error)) return true;
    tag_words_free(tags);
    return false;
}
