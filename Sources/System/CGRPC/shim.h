// <sys/types.h> comes first: gRPC defines _GNU_SOURCE for itself, which would give fd_set other fields here than
// in the modules that were imported before.
#include <sys/types.h>
#include <grpc/grpc.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include "operations.h"
