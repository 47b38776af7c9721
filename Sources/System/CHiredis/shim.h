#include <sys/types.h>
#include <hiredis/hiredis.h>
