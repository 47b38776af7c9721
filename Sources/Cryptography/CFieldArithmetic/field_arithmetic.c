#include "field_arithmetic.h"
