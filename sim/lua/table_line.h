/*
 * Where the table that a Lua text returns sets a key: tables themselves do not know it.
 */
#ifndef MMUSIM_SIM_LUA_TABLE_LINE_H
#define MMUSIM_SIM_LUA_TABLE_LINE_H

/*
 * The line, from 1, on which the table behind `return` sets `path` ("tlb.l1d.ways": the keys from the
 * outermost table inwards). If it is not written out there, that of the longest part of the path that is
 * ("tlb.l1d", where the rest comes from elsewhere). 0 if none is. The text need not be correct Lua.
 */
unsigned table_line(const char *text, const char *path);

#endif
