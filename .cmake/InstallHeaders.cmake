# Installs the public headers as <mmusim/FOLDER/FILE.h>, and <mmusim/plugin.h>. Run by `cmake --install`.
#
# In the tree headers include each other from its root ("tlb/tlb.h"), outside as <mmusim/tlb/tlb.h>, so that users need
# one include folder, in which all names begin with mmusim/. They are rewritten in a folder of this run's own, since two
# installations may go on at once.
string(RANDOM LENGTH 12 run)
set(folder "${WORK}/installed-headers-${run}")
foreach(header IN LISTS HEADERS)
    file(READ "${SOURCE}/${header}" text)
    string(REGEX REPLACE "(^|\n)([ \t]*#[ \t]*include[ \t]*)\"([^\"]+)\"" "\\1\\2<mmusim/\\3>" text "${text}")
    file(WRITE "${folder}/mmusim/${header}" "${text}")
endforeach()
file(WRITE "${folder}/mmusim/plugin.h" "/* All that a plug-in includes: a page table of your own for mmusim. */
#include <mmusim/pagetables/plugin.h>
")
file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/${INCLUDEDIR}" TYPE DIRECTORY FILES "${folder}/mmusim")
file(REMOVE_RECURSE "${folder}")
