#!/usr/bin/env bash
# Writes Reflection/Descriptors.swift from the .proto files. Needs protoc (apt install protobuf-compiler).
set -euo pipefail
cd "$(dirname "$0")"
target=${1:-Reflection/Descriptors.swift}
command -v protoc >/dev/null || { echo "protoc is missing: apt install protobuf-compiler" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
    echo "// Written by regenerate.sh from the .proto files: the FileDescriptorSet of each, in base64."
    echo "enum Descriptors {"
    echo "    static let sets = ["
    for file in poste.proto grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto \
        grpc/reflection/v1alpha/reflection.proto; do
        protoc --proto_path=. --descriptor_set_out="$work/set" "$file"
        echo "        // $file"
        echo '        """'
        base64 --wrap=100 "$work/set" | sed 's/^/        /'
        echo '        """,'
    done
    echo "    ]"
    echo "}"
} >"$work/swift"
mv "$work/swift" "$target"
