# The public objects that docs/sql.md describes, one a line, as public_objects.sql lists those of the catalog:
#   ```text signature     signatures; a line that begins with a blank continues the one before
#   ### `forge.models`    a table or view; the names in the first cells of the tables below are its columns
function flush() { if (signature != "") print signature; signature = "" }
/^#/ { object = match($0, /`forge\.[a-z_]+`/) ? substr($0, RSTART + 1, RLENGTH - 2) : "" }
/^```text signature$/ { inside = 1; object = ""; next }
/^```/ { inside = 0; flush(); next }
inside && /^[^ ]/ { flush(); signature = $0; next }
inside { sub(/^ +/, signature ~ /\($/ ? "" : " "); signature = signature $0; next }
object != "" && /^\| `/ {
    split($0, cells, "|")
    while (match(cells[2], /`[a-z_0-9]+`/)) {
        print object "." substr(cells[2], RSTART + 1, RLENGTH - 2)
        cells[2] = substr(cells[2], RSTART + RLENGTH)
    }
}
