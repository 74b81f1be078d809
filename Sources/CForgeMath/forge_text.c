// Text to tf-idf, without memory of its own: tokens are runs of two or more word characters of the lower-cased text
// (scikit-learn's default token_pattern), looked up as they are read.
#include "forge_prepare.h"
#include "forge_unicode_table.h"

#include <math.h>
#include <string.h>

#define DOTTED_I 0x130  // lower-cased to an i and a dot above it, which is no word character
#define SIGMA 0x3A3
#define FINAL_SIGMA 0x3C2
#define NO_CODE 0xFFFFFFFFu

static const ForgeCodes *codes_of(uint32_t code) {
    int32_t low = 0, high = sizeof forge_codes / sizeof *forge_codes;
    while (high - low > 1) {
        int32_t middle = (low + high) / 2;
        if (forge_codes[middle].first <= code) low = middle;
        else high = middle;
    }
    return forge_codes + low;
}

static uint32_t lower(const ForgeCodes *codes, uint32_t code) {
    if (codes->flags & FORGE_CASE_PAIRS && (code - codes->first) % 2) return code;
    return code + (uint32_t) codes->delta;
}

// The code at `at`, and how many bytes it takes; NO_CODE and 1 where the bytes are not UTF-8.
static uint32_t read_code(const unsigned char *at, int64_t left, int32_t *taken) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t first = *at;
    *taken = 1;
    if (first < 0x80) return first;
    int32_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > left) return NO_CODE;
    uint32_t code = first & (0x7Fu >> length);
    for (int32_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) return NO_CODE;
        code = code << 6 | (at[i] & 0x3F);
    }
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return NO_CODE;
    *taken = length;
    return code;
}

static int32_t write_code(uint32_t code, char *out) {
    if (code < 0x80) {
        out[0] = (char) code;
        return 1;
    }
    int32_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int32_t i = length - 1; i > 0; i--, code >>= 6) out[i] = (char) (0x80 | (code & 0x3F));
    out[0] = (char) ((0xF00u >> length & 0xFF) | code);
    return length;
}

static int32_t flags_of(uint32_t code) { return code == NO_CODE ? 0 : codes_of(code)->flags; }

// The condition Final_Sigma of the Unicode standard, section 3.13: a cased letter before, none behind, whatever
// case-ignorable characters stand between.
static int is_final_sigma(const unsigned char *text, int64_t at, int64_t length) {
    int32_t taken, before = 0;
    for (int64_t i = at; i > 0 && !before;) {
        int64_t start = i - 1;
        while (start > 0 && i - start < 4 && (text[start] & 0xC0) == 0x80) start--;
        uint32_t code = read_code(text + start, i - start, &taken);
        if (taken != i - start) code = NO_CODE, start = i - 1;
        int32_t flags = flags_of(code);
        i = start;
        if (flags & FORGE_CASE_IGNORABLE) continue;
        if (!(flags & FORGE_CASED)) return 0;
        before = 1;
    }
    if (!before) return 0;
    for (int64_t i = at + 2; i < length; i += taken) {
        int32_t flags = flags_of(read_code(text + i, length - i, &taken));
        if (!(flags & FORGE_CASE_IGNORABLE)) return !(flags & FORGE_CASED);
    }
    return 1;
}

// `bytes` holds the token before the current one, a space, and the current one. A token longer than any term of the
// vocabulary is only counted as too long.
typedef struct Words {
    const ForgeArena *arena;
    const ForgeColumn *column;
    char *bytes;
    int64_t before;      // bytes of the token before with its space; 0: there is none, or it is too long
    int64_t length;      // of the current token
    int32_t characters;  // of the current token
    int32_t too_long;
    double *counts;
} Words;

static void count_term(Words *words, const char *bytes, int64_t length) {
    if (length > words->column->longest) return;
    int32_t term = forge_find_level(words->arena, words->column, bytes, length);
    if (term >= 0) words->counts[term] += 1;
}

static void add_character(Words *words, uint32_t code) {
    char bytes[4];
    int32_t length = write_code(code, bytes);
    if (words->characters < 2) words->characters++;
    if (words->too_long || words->length + length > words->column->longest) {
        words->too_long = 1;
        return;
    }
    memcpy(words->bytes + words->before + words->length, bytes, (size_t) length);
    words->length += length;
}

static void end_token(Words *words) {
    int64_t before = words->before;
    if (words->characters >= 2) {
        char *token = words->bytes + before;
        if (!words->too_long) {
            count_term(words, token, words->length);
            if (before > 0) count_term(words, words->bytes, before + words->length);
        }
        words->before = 0;
        if (words->column->bigrams && !words->too_long) {
            memmove(words->bytes, token, (size_t) words->length);
            words->bytes[words->length] = ' ';
            words->before = words->length + 1;
        }
    }
    words->length = words->characters = words->too_long = 0;
}

// What stands at `at`: 0 nothing of a word, 1 a character of one, lower-cased to `code`, 2 one that also ends it.
static int read_word_character(const unsigned char *text, int64_t at, int64_t length, int32_t *taken, uint32_t *code) {
    *code = read_code(text + at, length - at, taken);
    if (*code == NO_CODE) return 0;
    const ForgeCodes *codes = codes_of(*code);
    if (!(codes->flags & FORGE_WORD)) return 0;
    if (*code == DOTTED_I) {
        *code = 'i';
        return 2;
    }
    int final = *code == SIGMA && is_final_sigma(text, at, length);
    *code = final ? FINAL_SIGMA : lower(codes, *code);
    return 1;
}

static void count_terms(Words *words, const unsigned char *text, int64_t length) {
    int32_t taken;
    uint32_t code;
    for (int64_t i = 0; i < length; i += taken) {
        int part = read_word_character(text, i, length, &taken, &code);
        if (part != 0) add_character(words, code);
        if (part != 1) end_token(words);
    }
    end_token(words);
}

int64_t forge_text_words(const char *text, int64_t length, char *out) {
    int64_t kept = 0, end = 0;
    int32_t taken, characters = 0;
    for (int64_t i = 0; i <= length; i += taken) {
        uint32_t code;
        int part = 0;
        taken = 1;
        if (i < length) part = read_word_character((const unsigned char *) text, i, length, &taken, &code);
        if (part != 0) end += write_code(code, out + end), characters++;
        if (part == 1) continue;
        if (characters >= 2) {
            out[end] = ' ';
            kept = end + 1;
        }
        end = kept;
        characters = 0;
    }
    return kept > 0 ? kept - 1 : 0;
}

int64_t forge_text_work(const ForgeColumn *column) { return (2 * ((int64_t) column->longest + 1) + 7) & ~(int64_t) 7; }

void forge_put_text(const ForgeArena *arena, const ForgeColumn *column, ForgeCell text, char *work, double *out) {
    const double *idf = forge_at(arena, column->numbers);
    memset(out, 0, (size_t) column->width * sizeof *out);
    if (!text.bytes) return;
    Words words = {arena, column, work, 0, 0, 0, 0, out};
    count_terms(&words, (const unsigned char *) text.bytes, text.length);
    double squares = 0;
    for (int32_t k = 0; k < column->width; k++) {
        if (out[k] == 0) continue;
        out[k] = (column->sublinear ? 1 + log(out[k]) : out[k]) * idf[k];
        squares += out[k] * out[k];
    }
    if (!(squares > 0)) return;
    double norm = sqrt(squares);
    for (int32_t k = 0; k < column->width; k++) out[k] /= norm;
}
