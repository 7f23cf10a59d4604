# Counts a trace without the project's own reader, to compare the two:
#     xz -dc NAME.xz | awk -v name=NAME -f count.awk
# prints records, bytes and distinct 4 KiB pages of each kind, tab-separated as in counts.tsv. Numbers of
# awk are exact up to 2^53 only, which is enough for user-space addresses.

function number_of(hex,    value, i) {
    value = 0
    for (i = 1; i <= length(hex); i++)
        value = value * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
    return value
}

/^[=*-]/ { next }

{
    split($0, part, /[ ,]+/)
    first = part[1] == "" ? 2 : 1
    kind = part[first]
    va = number_of(part[first + 1])
    size = part[first + 2]
    records[kind]++
    bytes[kind] += size
    for (page = int(va / 4096); page <= int((va + size - 1) / 4096); page++) {
        if (!((kind, page) in seen)) {
            seen[kind, page] = 1
            pages[kind]++
        }
    }
}

END {
    split("instruction load store modify", names, " ")
    split("I L S M", kinds, " ")
    for (i = 1; i <= 4; i++)
        printf "%s\t%s\t%d\t%d\t%d\n", name, names[i], records[kinds[i]], bytes[kinds[i]], pages[kinds[i]]
}
