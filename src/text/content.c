#include "text/content.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

const char *const content_functions[] = {
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

const char *const content_own_words[] = {
    "building", "shorts",  "pants",    "glasses",  "woods",    "dressed",  "dressing", "news",
    "evening",  "bedding", "stocking", "painting", "parking",  "training", "matching", "fencing",
    "bowling",  "boxing",  "spotted",  "clothes",  "clothing", "trunks",   "blinds",   "tired",
    "closed",   "shed",    "outing",   "living",   "icing",    "toppings", "topping",  "rugged",
    "cans",     "shades",  "seed",     "waters",   "overalls", "goods",    "bored",    "wing",
    "king",     "ring",    "darling",  "herring",  "saw",      "left",     "used",     "colored",
    "coloured", "rose",    "willing",  "timing",   "earring",  "bearing",  "timer",    NULL};

const char *const content_repeatable[] = {
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

const struct content_form content_irregular_forms[] = {
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
