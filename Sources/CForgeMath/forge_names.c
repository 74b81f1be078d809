// Names of encoded features, as scikit-learn's get_feature_names_out would give them.
#include "forge_math.h"

#include <stdio.h>
#include <string.h>

typedef struct Name {
    char *bytes;
    int64_t size, length;  // whole length, of which no more than `size` bytes are there
} Name;

static void add_bytes(Name *name, const void *bytes, int64_t length) {
    int64_t room = name->size - name->length, take = length < room ? length : room;
    if (take > 0) memcpy(name->bytes + name->length, bytes, (size_t) take);
    name->length += length;
}

static void add(Name *name, const char *text) { add_bytes(name, text, (int64_t) strlen(text)); }

static void add_number(Name *name, int32_t number) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", number);
    add(name, digits);
}

static void add_level(Name *name, const ForgeArena *arena, const ForgeColumn *column, int32_t level) {
    const int64_t *ends = forge_at(arena, column->level_ends);
    add_bytes(name, forge_start(arena) + ends[level], ends[level + 1] - ends[level]);
}

static void add_part(Name *name, const ForgeArena *arena, const ForgeColumn *column, int32_t place) {
    static const char *const names[FORGE_DATE_PARTS] = {
        "year", "month", "day", "day_of_week", "day_of_year", "hour", "minute", "month", "day_of_week", "day_of_year", "hour"};
    const int32_t *parts = forge_at(arena, column->parts);
    int32_t width = 0;
    for (; place >= (width = forge_date_part_width(*parts)); parts++) place -= width;
    add(name, ":");
    add(name, names[*parts]);
    if (width == 2) add(name, place == 0 ? "_sin" : "_cos");
}

static void add_one_hot(Name *name, const ForgeArena *arena, const ForgeColumn *column, int32_t feature) {
    if (feature == column->null_feature) return add(name, "_missing");
    if (feature == column->other_feature) return add(name, "_other");
    add(name, "=");
    add_level(name, arena, column, feature - column->first);
}

static void add_transformed(Name *name, const ForgeColumn *column, int32_t place) {
    if (place == column->degree) return add(name, "_missing");
    if (place == 0) return;
    add(name, "^");
    add_number(name, place + 1);
}

static void add_bin(Name *name, const ForgeColumn *column, int32_t place) {
    if (!column->ordinal && column->indicator && place == column->width - 1) return add(name, "_missing");
    add(name, " bin");
    if (column->ordinal) return;
    add(name, " ");
    add_number(name, place);
}

static void add_feature_of_column(Name *name, const ForgeArena *arena, const ForgeColumn *column, int32_t feature) {
    int32_t place = feature - column->first;
    add_bytes(name, forge_at(arena, column->name), column->name.count);
    switch (column->encoding) {
        case FORGE_ENCODE_NUMBER:
            if (place == 1) add(name, "_missing");
            break;
        case FORGE_ENCODE_ONE_HOT: add_one_hot(name, arena, column, feature); break;
        case FORGE_ENCODE_TRANSFORMED: add_transformed(name, column, place); break;
        case FORGE_ENCODE_BINS: add_bin(name, column, place); break;
        case FORGE_ENCODE_TFIDF:
            add(name, ":");
            add_level(name, arena, column, place);
            break;
        case FORGE_ENCODE_DATE_PARTS:
            if (place == column->width - 1) add(name, "_missing");
            else add_part(name, arena, column, place);
            break;
        case FORGE_ENCODE_HASHED:
            add(name, " hash ");
            add_number(name, place);
            break;
        case FORGE_ENCODE_VECTOR:  // as SQL counts elements of an array
            add(name, "[");
            add_number(name, place + 1);
            add(name, "]");
            break;
        default:  // a native category, or what is looked up for one
            if (column->width == 1) break;
            add(name, " ");
            add_number(name, place);
    }
}

// The features of columns that a product is made of, in ascending order; `count` of them are there already.
static int32_t collect(const ForgeArena *arena, int32_t feature, int32_t *features, int32_t count) {
    int32_t first = arena->encoded - (int32_t) arena->products.count;
    if (feature >= first) {
        const ForgeProduct *product = (const ForgeProduct *) forge_at(arena, arena->products) + (feature - first);
        return collect(arena, product->right, features, collect(arena, product->left, features, count));
    }
    int32_t place = count;
    for (; place > 0 && features[place - 1] > feature; place--) features[place] = features[place - 1];
    features[place] = feature;
    return count + 1;
}

static void add_feature(Name *name, const ForgeArena *arena, int32_t feature) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const int32_t *sources = forge_at(arena, arena->feature_columns);
    int32_t features[FORGE_FACTORS];
    int32_t count = collect(arena, feature, features, 0);
    for (int32_t k = 0, power; k < count; k += power) {
        for (power = 1; k + power < count && features[k + power] == features[k]; power++) {}
        if (k > 0) add(name, "*");
        add_feature_of_column(name, arena, columns + sources[features[k]], features[k]);
        if (power == 1) continue;
        add(name, "^");
        add_number(name, power);
    }
}

int64_t forge_feature_name(const ForgeArena *arena, int32_t feature, char *bytes, int64_t size) {
    const ForgeMember *members = forge_at(arena, arena->members);
    Name name = {bytes, size, 0};
    if (arena->form != FORGE_ENSEMBLE) {
        add_feature(&name, arena, feature);
        return name.length;
    }
    int32_t m = 0;
    const ForgeArena *member = forge_member_arena(arena, members);
    for (; feature >= member->encoded; member = forge_member_arena(arena, members + ++m)) feature -= member->encoded;
    add_number(&name, m + 1);
    add(&name, ":");
    add_feature(&name, member, feature);
    return name.length;
}
