#include <libxml/xmlversion.h>
// Debian's libxml2 shows ICU's header, which contradicts that of Swift's Foundation; we need neither.
#undef LIBXML_ICU_ENABLED
#include <libxml/xmlreader.h>
