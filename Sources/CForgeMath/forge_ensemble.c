// Ensembles: every member loads the cells of a row by its own encodings; the margin is the weighted mean of their
// scores.
#include "forge_math.h"

#include <string.h>

// At the end of the ensemble's scratch memory: the row's cells (columns), a member's (columns), its scores (classes, at
// least 1), its own scratch memory.
typedef struct Room {
    ForgeCell *row, *cells;
    double *scores;
    void *member;
} Room;

static int64_t aligned(int64_t bytes) { return (bytes + 15) & ~15ll; }

static int64_t cells_size(const ForgeArena *arena) { return aligned(arena->columns * (int64_t) sizeof(ForgeCell)); }

static int64_t scores_size(const ForgeArena *arena) { return aligned((arena->classes > 1 ? arena->classes : 1) * 8ll); }

int64_t forge_ensemble_scratch(const ForgeArena *arena) {
    return 2 * cells_size(arena) + scores_size(arena) + aligned(arena->member_scratch);
}

static Room room(const ForgeArena *arena, void *scratch) {
    char *row = (char *) scratch + arena->scratch - forge_ensemble_scratch(arena);
    char *cells = row + cells_size(arena), *scores = cells + cells_size(arena);
    return (Room) {(ForgeCell *) row, (ForgeCell *) cells, (double *) scores, scores + scores_size(arena)};
}

// Puts the row's values into the member's scratch memory.
static double *load_member(const ForgeArena *arena, const ForgeMember *member, const ForgeCell *row, const Room *room) {
    const ForgeArena *model = forge_member_arena(arena, member);
    const int32_t *columns = forge_at(arena, member->columns);
    for (int32_t c = 0; c < model->columns; c++) room->cells[c] = row[columns[c]];
    forge_scratch_load(model, room->cells, room->member);
    return forge_scratch_values(model, room->member);
}

// The ensemble's column for one that a member refuses.
static int32_t refusal(const ForgeArena *arena, const ForgeMember *member, int32_t refused) {
    const int32_t *columns = forge_at(arena, member->columns);
    return refused < forge_member_arena(arena, member)->columns ? columns[refused] : arena->columns;
}

// Leaves the member's scores in its room. -1, or the ensemble's column that is refused, or `columns`.
static int32_t member_scores(const ForgeArena *arena, const ForgeMember *member, const ForgeCell *row, const Room *room) {
    const ForgeArena *model = forge_member_arena(arena, member);
    const double *values = load_member(arena, member, row, room);
    double *margins = forge_scratch_margins(model, room->member);
    int32_t refused = forge_row_margins(model, values, room->member, margins);
    if (refused >= 0) return refusal(arena, member, refused);
    forge_row_scores(model, margins, room->scores);
    return -1;
}

int32_t forge_ensemble_margins(const ForgeArena *arena, const ForgeCell *cells, void *scratch, double *margins) {
    const ForgeMember *members = forge_at(arena, arena->members);
    Room space = room(arena, scratch);
    const double *scores = arena->classes == 2 ? space.scores + arena->positive : space.scores;
    double sum = 0;
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] = 0;
    for (int64_t m = 0; m < arena->members.count; m++) {
        int32_t refused = member_scores(arena, members + m, cells, &space);
        if (refused >= 0) return refused;
        for (int32_t o = 0; o < arena->outputs; o++) margins[o] += members[m].weight * scores[o];
    }
    for (int32_t o = 0; o < arena->outputs; o++) sum += margins[o] - margins[o];
    return sum == 0 ? -1 : arena->columns;
}

void forge_ensemble_cells(const ForgeArena *arena, const double *values, void *scratch, ForgeCell *cells) {
    const int32_t *columns = forge_at(arena, arena->text_columns);
    const ForgeCell *texts = forge_scratch_texts(arena, scratch);
    for (int32_t c = 0; c < arena->columns; c++) cells[c] = (ForgeCell) {.number = values[c]};
    for (int32_t t = 0; t < arena->texts; t++) cells[columns[t]] = texts[t];
}

int32_t forge_ensemble_row(const ForgeArena *arena, const double *values, void *scratch, double *margins) {
    ForgeCell *row = room(arena, scratch).row;
    forge_ensemble_cells(arena, values, scratch, row);
    return forge_ensemble_margins(arena, row, scratch, margins);
}

int32_t forge_ensemble_features(const ForgeArena *arena) {
    const ForgeMember *members = forge_at(arena, arena->members);
    int32_t features = 0;
    for (int64_t m = 0; m < arena->members.count; m++) features += forge_member_arena(arena, members + m)->encoded;
    return features;
}

int32_t forge_ensemble_prepare(const ForgeArena *arena, const double *values, void *scratch, double *features) {
    const ForgeMember *members = forge_at(arena, arena->members);
    Room space = room(arena, scratch);
    forge_ensemble_cells(arena, values, scratch, space.row);
    for (int64_t m = 0; m < arena->members.count; m++) {
        const ForgeArena *model = forge_member_arena(arena, members + m);
        const double *row = load_member(arena, members + m, space.row, &space);
        int32_t refused = forge_row_features(model, row, space.member, features);
        if (refused >= 0) return refusal(arena, members + m, refused);
        features += model->encoded;
    }
    return -1;
}

ForgeCell forge_ensemble_background(const ForgeArena *arena, int64_t row, int32_t index) {
    const ForgeColumn *column = (const ForgeColumn *) forge_at(arena, arena->column_table) + index;
    const double *cell = (const double *) forge_at(arena, arena->background) + row * arena->encoded + column->first;
    if (column->kind == FORGE_VECTOR) {
        float element;
        memcpy(&element, cell, sizeof element);
        if (element != element) return (ForgeCell) {.number = 0};
        return (ForgeCell) {.bytes = (const char *) cell, .length = column->width * (int64_t) sizeof element};
    }
    double value = *cell;
    if (column->kind == FORGE_NUMBER || value != value) return (ForgeCell) {.number = value};
    const int64_t *ends = forge_at(arena, column->level_ends);
    int64_t start = ends[(int32_t) value];
    return (ForgeCell) {.bytes = (const char *) arena + start, .length = ends[(int32_t) value + 1] - start};
}

static int same(const ForgeArena *a, ForgeSpan left, const ForgeArena *b, ForgeSpan right) {
    return left.count == right.count && memcmp(forge_at(a, left), forge_at(b, right), (size_t) left.count) == 0;
}

int32_t forge_member_labels_match(const ForgeArena *arena, const ForgeArena *member) {
    const ForgeSpan *own = forge_at(arena, arena->labels), *labels = forge_at(member, member->labels);
    if (member->classes != arena->classes || member->positive != arena->positive) return 0;
    for (int32_t i = 0; i < arena->classes; i++)
        if (!same(arena, own[i], member, labels[i])) return 0;
    return 1;
}

// Where the columns of both are in the same order, each is found at once.
int32_t forge_member_columns(const ForgeArena *arena, const ForgeArena *member, int32_t *places) {
    const ForgeColumn *own = forge_at(arena, arena->column_table), *columns = forge_at(member, member->column_table);
    int32_t next = 0;
    for (int32_t c = 0; c < member->columns; c++) {
        int32_t tried = 0;
        for (; tried < arena->columns; tried++, next = (next + 1) % arena->columns)
            if (same(arena, own[next].name, member, columns[c].name)) break;
        if (tried == arena->columns || own[next].kind != columns[c].kind) return 0;
        if (!same(arena, own[next].type, member, columns[c].type)) return 0;
        if (columns[c].kind == FORGE_VECTOR && columns[c].width != own[next].width) return 0;
        places[c] = next;
    }
    return 1;
}
