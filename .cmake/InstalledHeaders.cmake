# Writes the public headers as they are installed: OUTPUT/mmusim/FOLDER/FILE.h, and OUTPUT/mmusim/plugin.h. Run by
# `cmake --install`. In the tree headers include each other from its root ("tlb/tlb.h"), outside as <mmusim/tlb/tlb.h>,
# so that users need one include folder, in which all names begin with mmusim/.
file(REMOVE_RECURSE "${OUTPUT}")
foreach(header IN LISTS HEADERS)
    file(READ "${SOURCE}/${header}" text)
    string(REGEX REPLACE "(^|\n)([ \t]*#[ \t]*include[ \t]*)\"([^\"]+)\"" "\\1\\2<mmusim/\\3>" text "${text}")
    file(WRITE "${OUTPUT}/mmusim/${header}" "${text}")
endforeach()
file(WRITE "${OUTPUT}/mmusim/plugin.h" "/* All that a plug-in includes: a page table of your own for mmusim. */
#include <mmusim/pagetables/plugin.h>
")
