// Parts of a date, from seconds since 2000-01-01 UTC. Days to civil dates: H. Hinnant, "chrono-Compatible Low-Level
// Date Algorithms".
#include "forge_prepare.h"

#include <math.h>

#define DAY 86400.0
#define FARTHEST 1e15  // seconds; beyond any date of Postgres, and far inside what int64 days can count

typedef struct Moment {
    int64_t year;
    int32_t month, day, day_of_week, day_of_year, hour, minute;
} Moment;

static int is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static Moment moment_at(double seconds) {
    static const int32_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    if (seconds > FARTHEST) seconds = FARTHEST;
    if (seconds < -FARTHEST) seconds = -FARTHEST;
    double whole = floor(seconds / DAY), rest = seconds - whole * DAY;
    int64_t days = (int64_t) whole, shifted = days + 730425;  // since 0000-03-01
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (int32_t) ((5 * of_year + 2) / 153);
    Moment moment;
    moment.day = (int32_t) (of_year - (153 * month + 2) / 5 + 1);
    moment.month = month < 10 ? month + 3 : month - 9;
    moment.year = year_of_era + era * 400 + (moment.month <= 2);
    moment.day_of_year = before[moment.month - 1] + moment.day + (moment.month > 2 && is_leap(moment.year));
    moment.day_of_week = (int32_t) (((days + 6) % 7 + 7) % 7);  // 2000-01-01 was a Saturday
    int32_t second = (int32_t) rest;
    moment.hour = second / 3600;
    moment.minute = second / 60 % 60;
    return moment;
}

static double *put_cycle(double *out, double share) {
    out[0] = sin(6.283185307179586 * share);
    out[1] = cos(6.283185307179586 * share);
    return out + 2;
}

int32_t forge_date_part_width(int32_t part) { return part < FORGE_MONTH_CYCLE ? 1 : 2; }

double *forge_put_date_part(int32_t part, double seconds, double *out) {
    Moment moment = moment_at(seconds);
    switch (part) {
        // Like extract(year from …), which has no year 0.
        case FORGE_YEAR: *out = (double) (moment.year > 0 ? moment.year : moment.year - 1); break;
        case FORGE_MONTH: *out = moment.month; break;
        case FORGE_DAY: *out = moment.day; break;
        case FORGE_DAY_OF_WEEK: *out = moment.day_of_week; break;
        case FORGE_DAY_OF_YEAR: *out = moment.day_of_year; break;
        case FORGE_HOUR: *out = moment.hour; break;
        case FORGE_MINUTE: *out = moment.minute; break;
        case FORGE_MONTH_CYCLE: return put_cycle(out, (moment.month - 1) / 12.0);
        case FORGE_DAY_OF_WEEK_CYCLE: return put_cycle(out, moment.day_of_week / 7.0);
        case FORGE_DAY_OF_YEAR_CYCLE: return put_cycle(out, (moment.day_of_year - 1) / (365.0 + is_leap(moment.year)));
        default: return put_cycle(out, moment.hour / 24.0);
    }
    return out + 1;
}
