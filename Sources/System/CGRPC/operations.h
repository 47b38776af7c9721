// Batches of gRPC operations as inline functions. Swift imports neither the unions of grpc_op comfortably nor the
// function-like macros of slices; here each batch that we use is one call. Nothing in this file allocates but where it
// says so, and nothing keeps a pointer beyond what gRPC's own documentation of the operation says.
#ifndef CGRPC_OPERATIONS_H
#define CGRPC_OPERATIONS_H

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <string.h>

// Slices and byte buffers

static inline const uint8_t *cgrpc_slice_bytes(const grpc_slice *slice) { return GRPC_SLICE_START_PTR(*slice); }

static inline size_t cgrpc_slice_length(const grpc_slice *slice) { return GRPC_SLICE_LENGTH(*slice); }

// Copies the octets. The caller owns the byte buffer.
static inline grpc_byte_buffer *cgrpc_buffer_create(const void *octets, size_t length) {
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)octets, length);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

// Copies the buffer's octets to `target`, which has room for `capacity`. Returns how many there were, or -1 when the
// buffer cannot be read (a message that does not decompress) or does not fit.
static inline ptrdiff_t cgrpc_buffer_copy(grpc_byte_buffer *buffer, uint8_t *target, size_t capacity) {
    grpc_byte_buffer_reader reader;
    grpc_slice slice;
    size_t length = 0;
    if (!grpc_byte_buffer_reader_init(&reader, buffer)) return -1;
    while (grpc_byte_buffer_reader_next(&reader, &slice)) {
        size_t part = GRPC_SLICE_LENGTH(slice);
        int fits = part <= capacity - length;
        if (fits) memcpy(target + length, GRPC_SLICE_START_PTR(slice), part);
        length += part;
        grpc_slice_unref(slice);
        if (!fits) {
            grpc_byte_buffer_reader_destroy(&reader);
            return -1;
        }
    }
    grpc_byte_buffer_reader_destroy(&reader);
    return (ptrdiff_t)length;
}

static inline grpc_arg cgrpc_integer_argument(const char *key, int value) {
    grpc_arg argument;
    memset(&argument, 0, sizeof argument);
    argument.type = GRPC_ARG_INTEGER;
    argument.key = (char *)key;
    argument.value.integer = value;
    return argument;
}

static inline grpc_arg cgrpc_string_argument(const char *key, const char *value) {
    grpc_arg argument;
    memset(&argument, 0, sizeof argument);
    argument.type = GRPC_ARG_STRING;
    argument.key = (char *)key;
    argument.value.string = (char *)value;
    return argument;
}

// Operations

static inline grpc_op cgrpc_operation(grpc_op_type type) {
    grpc_op operation;
    memset(&operation, 0, sizeof operation);
    operation.op = type;
    return operation;
}

static inline grpc_op cgrpc_send_metadata_operation(grpc_metadata *metadata, size_t count, uint32_t flags) {
    grpc_op operation = cgrpc_operation(GRPC_OP_SEND_INITIAL_METADATA);
    operation.flags = flags;
    operation.data.send_initial_metadata.metadata = metadata;
    operation.data.send_initial_metadata.count = count;
    return operation;
}

static inline grpc_op cgrpc_send_message_operation(grpc_byte_buffer *message) {
    grpc_op operation = cgrpc_operation(GRPC_OP_SEND_MESSAGE);
    operation.data.send_message.send_message = message;
    return operation;
}

static inline grpc_op cgrpc_receive_message_operation(grpc_byte_buffer **message) {
    grpc_op operation = cgrpc_operation(GRPC_OP_RECV_MESSAGE);
    operation.data.recv_message.recv_message = message;
    return operation;
}

// Both sides

static inline grpc_call_error cgrpc_receive_message(grpc_call *call, grpc_byte_buffer **message, void *tag) {
    grpc_op operation = cgrpc_receive_message_operation(message);
    return grpc_call_start_batch(call, &operation, 1, tag, NULL);
}

// With `opens`, the server's empty initial metadata go out first. The buffer stays the caller's.
static inline grpc_call_error cgrpc_send_message(grpc_call *call, int opens, grpc_byte_buffer *message, void *tag) {
    grpc_op operations[2];
    size_t count = 0;
    if (opens) operations[count++] = cgrpc_send_metadata_operation(NULL, 0, 0);
    operations[count++] = cgrpc_send_message_operation(message);
    return grpc_call_start_batch(call, operations, count, tag, NULL);
}

// The client's side

// What a call of a client receives; the memory must stay until the event of the batch that names it.
typedef struct {
    grpc_metadata_array initial_metadata;
    grpc_metadata_array trailing_metadata;
    grpc_byte_buffer *message;
    grpc_status_code code;
    grpc_slice details;
} cgrpc_results;

static inline void cgrpc_results_init(cgrpc_results *results) {
    memset(results, 0, sizeof *results);
    grpc_metadata_array_init(&results->initial_metadata);
    grpc_metadata_array_init(&results->trailing_metadata);
    results->details = grpc_empty_slice();
    results->code = GRPC_STATUS_UNKNOWN;
}

static inline void cgrpc_results_destroy(cgrpc_results *results) {
    grpc_metadata_array_destroy(&results->initial_metadata);
    grpc_metadata_array_destroy(&results->trailing_metadata);
    if (results->message) grpc_byte_buffer_destroy(results->message);
    grpc_slice_unref(results->details);
}

static inline size_t cgrpc_client_operations(
    grpc_op *operations, grpc_metadata *metadata, size_t count, uint32_t flags, cgrpc_results *results) {
    operations[0] = cgrpc_send_metadata_operation(metadata, count, flags);
    operations[1] = cgrpc_operation(GRPC_OP_RECV_INITIAL_METADATA);
    operations[1].data.recv_initial_metadata.recv_initial_metadata = &results->initial_metadata;
    operations[2] = cgrpc_operation(GRPC_OP_RECV_STATUS_ON_CLIENT);
    operations[2].data.recv_status_on_client.trailing_metadata = &results->trailing_metadata;
    operations[2].data.recv_status_on_client.status = &results->code;
    operations[2].data.recv_status_on_client.status_details = &results->details;
    return 3;
}

// Opens a call whose messages follow. Its one event comes when the status is there.
static inline grpc_call_error cgrpc_client_open(
    grpc_call *call, grpc_metadata *metadata, size_t count, uint32_t flags, cgrpc_results *results, void *tag) {
    grpc_op operations[3];
    size_t used = cgrpc_client_operations(operations, metadata, count, flags, results);
    return grpc_call_start_batch(call, operations, used, tag, NULL);
}

// A whole unary call: one batch, one event. The request stays the caller's.
static inline grpc_call_error cgrpc_client_unary(
    grpc_call *call, grpc_metadata *metadata, size_t count, uint32_t flags, grpc_byte_buffer *request,
    cgrpc_results *results, void *tag) {
    grpc_op operations[6];
    size_t used = cgrpc_client_operations(operations, metadata, count, flags, results);
    operations[used++] = cgrpc_send_message_operation(request);
    operations[used++] = cgrpc_operation(GRPC_OP_SEND_CLOSE_FROM_CLIENT);
    operations[used++] = cgrpc_receive_message_operation(&results->message);
    return grpc_call_start_batch(call, operations, used, tag, NULL);
}

static inline grpc_call_error cgrpc_client_half_close(grpc_call *call, void *tag) {
    grpc_op operation = cgrpc_operation(GRPC_OP_SEND_CLOSE_FROM_CLIENT);
    return grpc_call_start_batch(call, &operation, 1, tag, NULL);
}

// The server's side

// What a server learns of a new call; the memory must stay until the event of the request.
typedef struct {
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
} cgrpc_slot;

static inline void cgrpc_slot_init(cgrpc_slot *slot) {
    memset(slot, 0, sizeof *slot);
    grpc_call_details_init(&slot->details);
    grpc_metadata_array_init(&slot->metadata);
}

static inline void cgrpc_slot_destroy(cgrpc_slot *slot) {
    grpc_call_details_destroy(&slot->details);
    grpc_metadata_array_destroy(&slot->metadata);
}

static inline grpc_call_error cgrpc_server_request(
    grpc_server *server, cgrpc_slot *slot, grpc_completion_queue *queue, void *tag) {
    return grpc_server_request_call(server, &slot->call, &slot->details, &slot->metadata, queue, queue, tag);
}

static inline grpc_call_error cgrpc_server_receive_close(grpc_call *call, int *cancelled, void *tag) {
    grpc_op operation = cgrpc_operation(GRPC_OP_RECV_CLOSE_ON_SERVER);
    operation.data.recv_close_on_server.cancelled = cancelled;
    return grpc_call_start_batch(call, &operation, 1, tag, NULL);
}

// The end of a call: initial metadata with `opens`, a last message where there is one (it stays the caller's), the
// status with its text and trailing metadata.
static inline grpc_call_error cgrpc_server_finish(
    grpc_call *call, int opens, grpc_byte_buffer *message, grpc_status_code code, grpc_slice *details,
    grpc_metadata *metadata, size_t count, void *tag) {
    grpc_op operations[3];
    size_t used = 0;
    if (opens) operations[used++] = cgrpc_send_metadata_operation(NULL, 0, 0);
    if (message) operations[used++] = cgrpc_send_message_operation(message);
    operations[used] = cgrpc_operation(GRPC_OP_SEND_STATUS_FROM_SERVER);
    operations[used].data.send_status_from_server.status = code;
    operations[used].data.send_status_from_server.status_details = details;
    operations[used].data.send_status_from_server.trailing_metadata = metadata;
    operations[used].data.send_status_from_server.trailing_metadata_count = count;
    used++;
    return grpc_call_start_batch(call, operations, used, tag, NULL);
}

#endif
