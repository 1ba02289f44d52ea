/** grpc.reflection v1 and v1alpha, so that grpcurl can list, describe and call what this process serves, and no more. */
import {
  createRegistry,
  toBinary,
  type DescFile,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  type Registry,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

import { Code } from "./error.js";
import { file_google_rpc_error_details } from "@souk/client/gen/google/rpc/error_details_pb.js";
import { ServerReflection, type ServerReflectionRequest, type ServerReflectionResponseSchema } from "./gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.js";
import type { Service } from "./service.js";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** Adds both versions, since grpcurl before 1.8.8 knows v1alpha only. `services` are what else is served. */
export function addReflection(service: Service, services: readonly DescService[]): Service {
  const index = new Index([...services, ServerReflection, ServerReflectionAlpha]);
  async function* answers(requests: AsyncIterable<Pick<ServerReflectionRequest, "host" | "messageRequest">>) {
    for await (const { host, messageRequest } of requests) {
      yield { validHost: host, messageResponse: index.answer(messageRequest) };
    }
  }
  // The two versions are the same but for their package.
  return service
    .rpc(ServerReflection, { serverReflectionInfo: answers })
    .rpc(ServerReflectionAlpha, { serverReflectionInfo: answers as never });
}

class Index {
  readonly #files = new Map<string, DescFile>();
  readonly #registry: Registry;

  constructor(private readonly services: readonly DescService[]) {
    // A client that prints a status asks for the messages of its details.
    const add = (file: DescFile) => {
      if (this.#files.has(file.proto.name)) return;
      this.#files.set(file.proto.name, file);
      file.dependencies.forEach(add);
    };
    [...services.map((service) => service.file), file_google_rpc_error_details].forEach(add);
    this.#registry = createRegistry(...this.#files.values());
  }

  answer(request: ServerReflectionRequest["messageRequest"]): Answer {
    switch (request.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: this.services.map(({ typeName }) => ({ name: typeName })) } };
      case "fileByFilename":
        return this.#file(this.#files.get(request.value), request.value);
      case "fileContainingSymbol":
        return this.#file(this.#fileOf(request.value), request.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.value;
        const extendee = this.#registry.getMessage(containingType);
        const found = extendee && this.#registry.getExtensionFor(extendee, extensionNumber);
        return this.#file(found?.file, `${containingType} ${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const extendee = this.#registry.getMessage(request.value);
        if (extendee === undefined) return notFound(request.value);
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: request.value, extensionNumber: this.#extensionsOf(extendee) } };
      }
      default:
        return { case: "errorResponse", value: { errorCode: Code.InvalidArgument, errorMessage: "the request is empty" } };
    }
  }

  #extensionsOf(extendee: DescMessage): number[] {
    return [...this.#registry].flatMap((one) => (one.kind === "extension" && one.extendee.typeName === extendee.typeName ? [one.number] : []));
  }

  /** A symbol may also be a member: a method, a field, an enum's value. */
  #fileOf(symbol: string): DescFile | undefined {
    for (let name = symbol; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
      const found = this.#registry.get(name);
      if (found !== undefined) return found.file;
    }
    return undefined;
  }

  /** Answers a file with everything that it imports, so that no client must ask again. */
  #file(file: DescFile | undefined, what: string): Answer {
    if (file === undefined) return notFound(what);
    const all = new Map<string, DescFile>();
    const add = (one: DescFile) => {
      if (all.has(one.proto.name)) return;
      all.set(one.proto.name, one);
      one.dependencies.forEach(add);
    };
    add(file);
    const fileDescriptorProto = [...all.values()].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
  }
}

function notFound(what: string): Answer {
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage: `${what} is unknown` } };
}
