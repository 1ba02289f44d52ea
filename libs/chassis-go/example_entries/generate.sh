#!/bin/sh
# Generates entriesv1 from the proto beside it. Needs protoc, protoc-gen-go and protoc-gen-go-grpc.
set -eu
cd "$(dirname "$0")"
validate=buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate
options="module=souk.example/chassis-go/example_entries,Mbuf/validate/validate.proto=$validate"
options="$options,Mgoogle/rpc/code.proto=google.golang.org/genproto/googleapis/rpc/code"
exec "${PROTOC:-protoc}" -I proto -I ../../../proto \
  --go_out=. --go_opt="$options" --go-grpc_out=. --go-grpc_opt="$options" souk/entries/v1/entries.proto
