#!/bin/sh
# Remakes src/gen (health, reflection) and test/gen (the service of the tests, and the messages of tests/contract/vectors.json). Needs buf and protoc-gen-es on the PATH.
# The shop's own contract comes from @souk/client.
set -eu
cd "$(dirname "$0")"
options='opt: [target=ts, import_extension=js]'
generate() { # module, folder, further arguments
    buf generate "$1" --template "{version: v2, plugins: [{local: protoc-gen-es, out: $2, $options}]}" $3
}
generate proto src/gen ""
# The tests' protos import the contract's, so both are one module while they are compiled.
both=$(mktemp -d)
trap 'rm -rf "$both"' EXIT
cp -r ../../proto/. test/proto/. ../souk-codegen/fixture/proto/. "$both"
generate "$both" test/gen "--path $both/souk/echo --path $both/souk/fixture"
find test/gen -name '*_pb.ts' -exec sed -i 's|"[./]*/buf/|"@souk/client/gen/buf/|; s|"[./]*/google/|"@souk/client/gen/google/|; s|"[./]*/policy/v1/|"@souk/client/gen/souk/policy/v1/|' {} +
